"""What tests stand on: certificates, servers and tables."""
