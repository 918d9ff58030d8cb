"""Tell a database that cannot answer now from a statement of ours that is wrong."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

DATABASE_ERRORS = (DBAPIError, NoConnectionFree)
"""All that a database raises; whoever may not import its library catches these."""


def is_outage(error: BaseException) -> bool:
    """Tell whether an error comes from outside: a lost server, a full disk, a lock, no connection free."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        is_ours = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR
        return isinstance(error, OperationalError) and not is_ours
    return error.connection_invalidated or isinstance(error, OperationalError)
