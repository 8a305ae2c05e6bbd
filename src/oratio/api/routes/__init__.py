"""The calls of the contract, one file a resource."""
