//! What this program calls itself.

/// Version, and the revision of the code that it was built of: `0.1.0 (dd08772)`, `0.1.0 (dd08772-dirty)` if the sources
/// differed from it, `0.1.0 (unknown)` if it was built outside of a checkout, `0.1.0 (debug)` as a debug build.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SEGLAB_REVISION"), ")");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_its_revision() {
        let revision =
            VERSION.strip_prefix(concat!(env!("CARGO_PKG_VERSION"), " (")).and_then(|rest| rest.strip_suffix(')'));
        let hash = revision.map(|own| own.strip_suffix("-dirty").unwrap_or(own));
        let is_hash = |own: &str| own.len() >= 7 && own.chars().all(|c| c.is_ascii_hexdigit());
        assert!(hash.is_some_and(|own| ["unknown", "debug"].contains(&own) || is_hash(own)), "{VERSION}");
    }
}
