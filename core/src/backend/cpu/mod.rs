//! stub
use super::*;
pub(super) fn is_available(_: Target) -> bool { false }
pub(super) fn describe() -> String { String::new() }
pub(super) fn compile<T: Number>(_: &Arc<Stages>, _: &Layout, _: Target) -> Result<Box<dyn Code<T>>> {
    Err(Error::new(ErrorKind::Unsupported, "no"))
}
