"""Tests of the demo client, against a server made of grpcio and against the real one."""
