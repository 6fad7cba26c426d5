//! Messages in any form and any frames.
