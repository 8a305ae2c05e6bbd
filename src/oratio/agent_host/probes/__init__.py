"""What a confined process can still do: 32 attempts to get out, tried in every tier of this machine."""
