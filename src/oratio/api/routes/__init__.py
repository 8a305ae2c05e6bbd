"""Routes of the contract, one file a resource."""
