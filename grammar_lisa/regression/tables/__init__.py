"""Tables of data of any kind: read, their columns named and chosen."""
