//! Any bytes into spanned-yaml: no panic, and spans that hold what they say.
//!
//! Whether it accepts what libyaml accepts is the parity test's matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spanned_yaml::{Dialect, Kind, Limits, Node, Tree, event::events, parse_bytes};

fuzz_target!(|bytes: &[u8]| {
    let tree = parse_bytes(bytes.to_vec(), &Limits::default());
    for id in tree.documents().iter().filter_map(|document| document.root) {
        check_nodes(&tree, tree.node(id));
    }
    for error in tree.errors() {
        assert!(tree.source().get(error.span.range()).is_some(), "{error:?}");
    }
    assert_eq!(tree.documents().iter().any(|d| d.broken), !tree.errors().is_empty());
    events(&tree).count();
    for offset in (0..tree.source().len()).step_by(7) {
        let at = tree.position(offset as u32);
        assert!(at.line >= 1 && at.column >= 1);
    }
});

fn check_nodes(tree: &Tree, root: Node<'_>) {
    let whole = root.full_span();
    for node in root.descendants() {
        let span = node.span();
        assert!(tree.source().get(span.range()).is_some(), "{node:?}");
        assert!(whole.start <= span.start && span.end <= whole.end, "{node:?} not in {whole:?}");
        if node.kind() == Kind::Scalar {
            node.scalar(Dialect::GoYamlV2);
            node.scalar(Dialect::GoYamlV3);
        }
        node.duplicate_keys();
        node.entries().take(100).count();
    }
}
