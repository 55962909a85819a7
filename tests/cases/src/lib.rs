//! What must be accepted and what must be refused, in one table.
