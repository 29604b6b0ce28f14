//! Inputs made to hurt. Every one must come back, with a located error or a
//! right tree; a parser that isn't linear would not come back here in hours.
#![allow(
    clippy::format_collect,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may stop"
)]

use spanned_yaml::{ErrorKind, Limits, Node, Tree, parse, parse_bytes, parse_with};

fn only_error(tree: &Tree) -> ErrorKind {
    assert_eq!(tree.errors().len(), 1, "{:?}", tree.errors());
    tree.errors()[0].kind
}

fn root(tree: &Tree) -> Node<'_> {
    assert_eq!(tree.errors(), []);
    tree.root(0).unwrap()
}

#[test]
fn deep_nesting_stops_at_the_limit() {
    for open in ["[", "{", "- ", "? ", "[{", "a: [", "{a: "] {
        assert_eq!(only_error(&parse(open.repeat(200_000))), ErrorKind::DepthLimit, "{open}");
    }
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(root(&parse(deep)).descendants().count(), 10_000);
}

#[test]
fn indentation_as_deep_as_the_limit_is_read() {
    let mut text = String::new();
    for depth in 0..2_000 {
        text.push_str(&" ".repeat(depth));
        text.push_str("a:\n");
    }
    assert_eq!(root(&parse(text)).descendants().count(), 4_001);
}

#[test]
fn alias_bombs_are_refused_and_not_expanded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let previous = level - 1;
        let aliases = vec![format!("*a{previous}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert_eq!(only_error(&parse(text)), ErrorKind::AliasLimit);
}

#[test]
fn aliases_within_reason_are_read() {
    let text =
        "a: &a {x: 1}\n".to_owned() + &(0..500).map(|n| format!("b{n}: *a\n")).collect::<String>();
    let tree = parse(text);
    assert_eq!(root(&tree).at_pointer("/b499/x").unwrap().as_i64(), Some(1));
}

#[test]
fn aliases_that_lead_nowhere_or_in_circles_are_errors() {
    assert_eq!(only_error(&parse("a: *x")), ErrorKind::UnknownAnchor);
    assert_eq!(only_error(&parse("a: &x [*x]")), ErrorKind::RecursiveAlias);
    assert_eq!(only_error(&parse("a: &x {b: {<<: *x}}")), ErrorKind::RecursiveAlias);
    assert_eq!(only_error(&parse("--- &x a\n--- *x")), ErrorKind::UnknownAnchor);
}

#[test]
fn merges_that_fan_out_are_entered_once() {
    let mut text = String::from("m0: &m0 {k0: 0}\n");
    for n in 1..200 {
        let p = n - 1;
        text.push_str(&format!("m{n}: &m{n} {{k{n}: {n}, <<: [*m{p}, *m{p}]}}\n"));
    }
    let tree = parse(text);
    // The expansion doubles with every line, so go-yaml's rule refuses it.
    assert_eq!(only_error(&tree), ErrorKind::AliasLimit);
}

#[test]
fn ten_megabytes_of_one_thing_are_read_or_refused() {
    const SIZE: usize = 10 << 20;
    let key = "k".repeat(SIZE);
    assert!(parse(format!("{key}: 1")).errors().len() == 1);
    assert_eq!(root(&parse(format!("? {key}\n: 1"))).len(), 1);
    assert_eq!(root(&parse(format!("a: {key}"))).get("a").unwrap().text().len(), SIZE);
    assert_eq!(root(&parse(format!("a: \"{key}\""))).get("a").unwrap().text().len(), SIZE);
    assert_eq!(root(&parse("- a\n".repeat(SIZE / 4))).len(), SIZE / 4);
    assert_eq!(root(&parse(format!("[{}]", "a,".repeat(SIZE / 2)))).len(), SIZE / 2);
    let commented = parse("# c\n".repeat(SIZE / 4));
    assert_eq!((commented.comments().len(), commented.documents().len()), (SIZE / 4, 0));
    assert_eq!(parse("\n".repeat(SIZE)).documents().len(), 0);
    assert_eq!(parse("---\n".repeat(SIZE / 4)).documents().len(), SIZE / 4);
    assert_eq!(only_error(&parse("- ".repeat(SIZE / 2))), ErrorKind::DepthLimit);
    assert_eq!(only_error(&parse("? ".repeat(SIZE / 2))), ErrorKind::DepthLimit);
    assert_eq!(only_error(&parse("\"".to_owned() + &"a\n\n".repeat(SIZE / 3))), ErrorKind::Syntax);
    assert_eq!(root(&parse("a: |\n".to_owned() + &" x\n\n".repeat(SIZE / 4))).len(), 1);
    assert_eq!(root(&parse("a: >\n".to_owned() + &" é\n".repeat(SIZE / 4))).len(), 1);
    assert!(only_error(&parse("*a ".repeat(SIZE / 3))) == ErrorKind::UnknownAnchor);
}

#[test]
fn every_line_can_be_a_broken_document() {
    let tree = parse("---\n]\n".repeat(100_000));
    assert_eq!(tree.documents().len(), 100_000);
    assert_eq!(tree.errors().len(), 100_000);
}

#[test]
fn many_anchors_and_keys_are_read() {
    let text: String = (0..100_000).map(|n| format!("k{n}: &a{n} x\n")).collect();
    let tree = parse(text + "k5: again\n");
    let duplicates = root(&tree).duplicate_keys();
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0].0.text(), "k5");
    let same: String = (0..100_000).map(|n| format!("k{n}: &a x\n")).collect();
    assert_eq!(root(&parse(same + "z: *a\n")).get("z").unwrap().text(), "x");
}

#[test]
fn columns_of_long_lines_outside_ascii_are_counted_once() {
    let text = "[".to_owned() + &"é, ".repeat(1_000_000) + "]";
    assert_eq!(root(&parse(text)).len(), 1_000_000);
}

#[test]
fn other_encodings_and_binary_files_are_one_clear_error() {
    let utf16: Vec<u8> = "a: b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xFF, 0xFE][..], &utf16].concat();
    for bytes in [utf16, marked] {
        let tree = parse_bytes(bytes, &Limits::default());
        assert_eq!(only_error(&tree), ErrorKind::Encoding);
        assert_eq!(tree.errors()[0].message, "the file is UTF-16");
    }
    let zeros = parse_bytes(vec![0; 10 << 20], &Limits::default());
    assert_eq!(only_error(&zeros), ErrorKind::Encoding);
    let binary: Vec<u8> =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(!parse_bytes(binary, &Limits::default()).errors().is_empty());
}

#[test]
fn a_bad_byte_breaks_its_own_document_only() {
    let tree = parse_bytes(b"a: 1\n---\nb: \xFF\xFE\n---\nc: 3\n".to_vec(), &Limits::default());
    assert_eq!(only_error(&tree), ErrorKind::Encoding);
    let broken: Vec<bool> = tree.documents().iter().map(|document| document.broken).collect();
    assert_eq!(broken, [false, true, false]);
    assert_eq!(tree.root(2).unwrap().get("c").unwrap().as_i64(), Some(3));
}

#[test]
fn sizes_above_the_limit_are_refused() {
    let limits = Limits { max_bytes: 10, ..Limits::default() };
    assert_eq!(only_error(&parse_with("a: 1234567890", &limits)), ErrorKind::SizeLimit);
}
