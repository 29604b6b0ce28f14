//! x
pub(crate) fn missing() -> Option<String> {
    None
}
