"""Connections of the ADBC driver for Flight SQL, as it is, to the real server."""

import pyarrow as pa
from adbc_driver_flightsql import DatabaseOptions, dbapi

from .real_server import RealServer


def connect(server: RealServer, ca: str | None = None, **options: str) -> dbapi.Connection:
    """Connects over TLS and trusts the server's authority, or `ca` in its place."""
    settings = {
        DatabaseOptions.TLS_ROOT_CERTS.value: ca or server.ca.read_text(),
        DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true",
        **options,
    }
    uri = f"grpc+tls://localhost:{server.address.port}"
    return dbapi.connect(uri, db_kwargs=settings, autocommit=True)


def fetch(connection: dbapi.Connection, sql: str, values: object = None) -> pa.Table:
    """Returns all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetch_arrow_table()
