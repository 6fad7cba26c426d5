//! Arrow Flight over a data service, as a client sees it.
