//! What `alert` needs of the world.

use crate::ports::{Clock, Pager, Records};

/// What `alert` needs of the world.
pub trait AlertWorld: Clock + Pager + Records {}

impl<W: Clock + Pager + Records> AlertWorld for W {}
