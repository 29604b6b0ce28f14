//! The texts and variables that `substitution` tries.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::generate::pick;

/// Texts, each tried with all of [`VARIABLES`].
#[rustfmt::skip]
pub(crate) const HARD: &[&str] = &[
    // Without expressions, and escapes
    "", "plain", "$v", "$", "$$", "$$$", "$$$$", "a$", "$a$$b$", "$$v", "$${v}", "$$${v}", "$$$${v}",
    "${v}$${v}$v${v}", "$${v=${w}}", "\\${v}", "\\\\${v}", "\\/", "{v}", "}", "${v}}", "{${v}}",
    "$ {v}", "$é${v}", "é$$é", "a\n${v}\r\nb", "é${v}é", "$\u{0}{v}",
    "text ${v}$${v$${v}$v${v}", "\\\\text ${v=${w}}",
    // Names
    "${}", "${", "${v", "${.x}", "${!v}", "${ v }", "${v }", "${v\n}", "${1}", "${1v}", "${_}",
    "${_v}", "${v1}", "${v-1}", "${v.x}", "${é}", "${ß:=x}", "${Ⅳ}", "${١}", "${²}", "${日本}",
    "${a\u{301}}", "${$v}", "${${v}}", "${$$}", "${v$}", "${v${w}}", "${V}", "${-}", "${?}", "${*}",
    // Operators that Flux lacks
    "${v-d}", "${v+d}", "${v?d}", "${v[0]}", "${v@Q}", "${v*}", "${v!}", "${v\\}", "${v;d}", "${v|d}",
    // Defaults
    "${v=d}", "${v:=d}", "${v:-d}", "${v:?d}", "${v:+d}", "${v=}", "${v:=}", "${v:-}", "${v:?}",
    "${v:+}", "${v==d}", "${v:==d}", "${v:-=d}", "${v=:d}", "${v=$}", "${v=$$}", "${v=$${w}}",
    "${v:=$$x}", "${v=\\}}", "${v={}}", "${v={a}}", "${v:=a}b}", "${v:-${w}}", "${v:=a${w}b}",
    "${v=${w=${x=deep}}}", "${v=${w}${x}}", "${v=${w}-${x}-}", "${v=${w", "${v=", "${v:=", "${v:-a",
    "${v:-a${w}", "${v= }", "${v=\n}", "${v:=a: b\n c}", "${v:=\"a\"}", "${v=é}", "${v:=a/b:c,d^e#f%g}",
    "${v::=d}", "${v:=${#w}}", "${w:=${v}}", "${u:=${v:2}}", "${u:=${v:0:1}}${v:1}",
    // Case
    "${v^}", "${v^^}", "${v,}", "${v,,}", "${v,^}", "${v^,}", "${v^^^}", "${v,,,}", "${v^a}", "${v^",
    "${v,", "${v^^", "${v^^a}", "${é^}", "${v^}${v,}",
    // Length
    "${#v}", "${#}", "${##}", "${##v}", "${#v}}", "${#v:1}", "${#v", "${#", "${# v}", "${#é}", "${#1}",
    "${#v#a}", "${#${v}}",
    // Substrings
    "${v:0}", "${v:1}", "${v:2}", "${v:3}", "${v:99}", "${v:-1}", "${v: -1}", "${v:01}", "${v:+1}",
    "${v:${n}}", "${v: 1}", "${v:1 }", "${v:x}", "${v:}", "${v:", "${v:1", "${v:1:", "${v:1:}", "${v::}",
    "${v::1}", "${v:0:1}", "${v:1:1}", "${v:1:2}", "${v:0:99}", "${v:99:1}", "${v:1:-1}", "${v:0:-1}",
    "${v:2:-2}", "${v:0:-99}", "${v:99:-1}", "${v:1:x}", "${v:x:1}", "${v:x:-1}", "${v:1: 1}",
    "${v:0:1:2}", "${v:0::1}", "${v:0:::1}", "${v:0:1}${v:1}", "${v:0:1}${u}${v:1}", "${v:1:0}",
    "${v:0:0}", "${v:0${w}}", "${v:${n}:${n}}", "${v:${n}1}", "${v:0:1${n}}", "${v:é}", "${v:日}",
    "${v:𝄞}", "${é:é}", "${v:\u{0}}", "${v:1_0}", "${v:0x1}", "${v:1e0}", "${v:9223372036854775807}",
    "${v:9223372036854775808}", "${v:1:9223372036854775807}", "${v:0:9223372036854775807}",
    "${v:9223372036854775807:1}", "${v:9223372036854775807:9223372036854775807}",
    "${v:1:9223372036854775808}", "${v:1:-9223372036854775808}", "${v:-9223372036854775808}",
    "${v:${w:=-1}}", "${v:${u:--2}}", "${v:${u:=0}:${u:=-1}}", "${v:${u:=-99}:2}", "${v:${u:=-99}:-2}",
    "${v:\n1}", "${v:$}", "${v:$1}", "${v:a}b}",
    "${v:/a/b}", "${v:#a}", "${v:^}", "${v:=a:b}",
    // Replacing
    "${v/a/b}", "${v//a/b}", "${v/#a/b}", "${v/%a/b}", "${v/a/}", "${v//a/}", "${v/#a/}", "${v/%a/}",
    "${v/a}", "${v/a} and/or}", "${v/a}/b}", "${v//a}", "${v/}", "${v/", "${v//", "${v///}", "${v//}",
    "${v///b}", "${v/#/b}", "${v/%/b}", "${v/a//b}", "${v/a///b}", "${v//a//}", "${v/\\//b}",
    "${v//\\//-}", "${v/\\\\/b}", "${v/\\a/b}", "${v/a/\\/}", "${v/a/\\}}", "${v/a/\\\\}", "${v/$$/b}",
    "${v/a/$$}", "${v/a/$${w}}", "${v/$${w}/b}", "${v/./b}", "${v//?/b}", "${v//*/b}", "${v//[a-c]/b}",
    "${v/${w}/b}", "${v//${w}/b}", "${v/#${w}/b}", "${v/%${w}/b}", "${v/a/${w}}", "${v//a/${w}}",
    "${v//${u}/-}", "${v/${u}/-}", "${v/#${u}/-}", "${v/%${u}/-}", "${v/${w}a/b}", "${v/a${w}/b}",
    "${v/a/b${w}}", "${v/a/${w}b}", "${v/a/b", "${v/a/", "${v/a", "${v/é/e}", "${v//é/}", "${v//b/é}",
    "${v/${v:1:1}/x}", "${v//${v:1:1}/x}", "${v/a/${v:1:1}}", "${v//a/a}", "${v//a/aa}", "${v/\n/b}",
    "${v/a/b\n}", "${v/$/b}", "${v/a/$}", "${v/{/}}", "${v/}/x}", "${v/\u{0}/b}", "${v/a/\u{0}}",
    "${v/:/-}", "${v/^/-}", "${v/%%/-}", "${v/##/-}", "${v/#\\//-}", "${v/%\\//-}",
    // Trimming
    "${v#*.}", "${v##*.}", "${v%.*}", "${v%%.*}", "${v#*/}", "${v##*/}", "${v%/*}", "${v%%/*}", "${v#a}",
    "${v##a}", "${v%a}", "${v%%a}", "${v#}", "${v##}", "${v###}", "${v%}", "${v%%}", "${v%%%}", "${v#",
    "${v%", "${v#a", "${v#*}", "${v##*}", "${v%*}", "${v%%*}", "${v#?}", "${v##?}", "${v%?}", "${v%%?}",
    "${v#??}", "${v%??}", "${v#[ab]}", "${v##[ab]*}", "${v#[^a]}", "${v%[ab]}", "${v%]ba[}", "${v%%]c-a[}",
    "${v%*]a[}", "${v#[a-c]}", "${v#[c-a]}", "${v#[a-]}", "${v#[-a]}", "${v#[]a]}", "${v#[a}", "${v#[}",
    "${v#[]}", "${v#[^]}", "${v#[^^]}", "${v#[a-}", "${v#[\\]]}", "${v#[\\a]}", "${v#[\\", "${v#[\\}",
    "${v#\\}", "${v#\\a}", "${v#a\\}", "${v#\\*}", "${v#*\\}", "${v#*[}", "${v##*[}", "${v#a[}", "${v##a[}",
    "${v#*a[}", "${v#[*]}", "${v#*[*]*}", "${v##[a*]*}", "${v%\\}", "${v%*\\}", "${v#é}", "${v#[é]}",
    "${v#[à-ü]}", "${v%é}", "${v%?}${v#?}", "${v#*?*?}", "${v##*?*?}", "${v#*?*?*?}", "${v#[\u{fffd}]}",
    "${v##[^a]}", "${v#${w}}", "${v##${w}}", "${v%${w}}", "${v%%${w}}", "${v#${w}a}", "${v#a${w}}",
    "${v#${v:1:1}}", "${v%${v:1:1}}", "${v#${v:0:1}*}", "${v#*b*d}", "${v##*b*}", "${v%b*d*}", "${v#**a}",
    "${v#$}", "${v#$$}", "${v#\n}", "${v#a}b}", "${v#:}", "${v%:*}", "${v##*:}", "${v#é?}", "${v##*?b}",
    "${v#*[a][b]}", "${v#*[^/]}", "${v%%*[0-9]}", "${v#*[z-a]}", "${v#[a][}", "${v##?[}",
    "${v#*??}", "${v##*???}", "${v%%???*}", "${v##*??*}", "${v#*????}", "${v##*[^a]??}", "${v#\\**}",
    "${v##*\\**}", "${v#*\\[*}", "${v#[\\]*]*}",
    // Several, and what ends them
    "${v}${w}", "${v} ${w} ${u}", "${v:=${u}}", "${s:=${u}}", "${u}${s", "${u}${}", "${v}\u{0}${u}",
    "\u{0}", "a\u{0}b", "${v\u{0}}", "${v=a\u{0}}", "${v#a\u{0}}", "${#v\u{0}}", "${v:=\u{0}}",
    "a: ${v}\nb: \"${w}\"\nc: ${v:-x}\nd: $${w}\n", "${v:1:9223372036854775807}${u}",
    "${u}${v:1:9223372036854775807}", "${s:=${v:1:9223372036854775807}}",
];

pub(crate) const VARIABLES: &[&[(&str, &str)]] = &[
    &[],
    &[("v", ""), ("w", ""), ("n", "")],
    &[("v", "abcabc"), ("w", "b"), ("x", "X"), ("n", "1"), ("s", "set")],
    &[("v", "a"), ("w", "a*"), ("n", "-1"), ("s", "set")],
    &[("v", "/path/to/file.tar.gz"), ("w", "*/"), ("n", "-3")],
    &[("v", "éaßǆİ日本𝄞"), ("w", "é"), ("n", "2"), ("s", "")],
    &[("v", "𝄞"), ("w", "?"), ("n", "9223372036854775807")],
    &[("v", "${w}$$"), ("w", "$"), ("n", "+2")],
    &[("v", "a:b\\c[d]*e?\n}{"), ("w", "[a"), ("n", "x")],
    &[("v", "ABC.def.GHI"), ("w", "\\"), ("n", " 1")],
    &[("v", "registry.local:5000/team/app:1.2@sha256:ab"), ("w", "*:"), ("n", "007")],
    &[("é", "e"), ("日本", "j"), ("1", "one"), ("_", "u"), ("V", "big"), ("ß", "s")],
];

/// Names that are mostly set, and one that is never.
const NAMES: &[&str] = &["v", "v", "w", "x_1", "Env", "n", "1", "é", "u"];

pub(crate) fn variables(rng: &mut Rng) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for name in NAMES.iter().filter(|name| **name != "u") {
        if rng.u8(..4) > 0 {
            let value = if *name == "n" { number(rng) } else { value(rng) };
            variables.insert((*name).to_owned(), value);
        }
    }
    variables
}

fn value(rng: &mut Rng) -> String {
    let pieces = [
        "a", "a", "b", "B", "ab", ".", "/", "-", "c", "1", "é", "ß", "ǅ", "日", "𝄞", "\u{fffd}",
        "$", "${v}", "$$", "*", "[a]", "\\", "?", " ", "\n", ":", "}", "ᾳ", "İ", "\u{301}",
    ];
    // The first few are what patterns are made of.
    let most = pick(rng, &[8, 8, pieces.len()]);
    let longest = pick(rng, &[2, 6, 20]);
    (0..rng.usize(..=longest)).filter_map(|_| pieces.get(rng.usize(..most))).copied().collect()
}

fn number(rng: &mut Rng) -> String {
    match rng.u8(..12) {
        0 => pick(rng, &["9223372036854775807", "-9223372036854775808", "9223372036854775808"])
            .to_owned(),
        1 => {
            pick(rng, &["", "x", " 1", "1 ", "+", "-", "--1", "0x1", "1_0", "1.0", "٣"]).to_owned()
        }
        2 => format!("+{}", rng.u8(..5)),
        3 => format!("0{}", rng.u8(..5)),
        _ => rng.i8(-6..12).to_string(),
    }
}

pub(crate) fn text(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(1..5) {
        match rng.u8(..4) {
            0 => literal(rng, &mut text),
            _ => expression(rng, &mut text, 0),
        }
    }
    // What is nearly right is where a reader goes wrong.
    for _ in 0..pick(rng, &[0, 0, 0, 1, 2]) {
        spoil(rng, &mut text);
    }
    text
}

fn literal(rng: &mut Rng, text: &mut String) {
    for _ in 0..rng.usize(1..4) {
        text.push_str(pick(
            rng,
            &[
                "a", "b ", "$", "$$", "$${", "}", "{", "\n", "key: ", "\\", "\\/", "é", "/", ":",
                "\"", "#", "日",
            ],
        ));
    }
}

fn expression(rng: &mut Rng, text: &mut String, depth: usize) {
    text.push_str("${");
    let name = pick(rng, NAMES);
    match rng.u8(..14) {
        0 => text.push('#'),
        1 => {
            text.push_str(name);
            text.push_str(pick(rng, &["-", "+", "?", "[", "@", "!", " ", ".", "|"]));
            return text.push_str("d}");
        }
        _ => {}
    }
    text.push_str(name);
    let operators = [
        "", "", "=", ":=", ":-", ":?", ":+", "^", "^^", ",", ",,", ",^", ":", ":", ":", "/", "//",
        "/#", "/%", "#", "##", "%", "%%", "#", "%",
    ];
    let operator = pick(rng, &operators);
    text.push_str(operator);
    match operator {
        ":" => {
            position(rng, text, depth);
            if rng.bool() {
                text.push_str(pick(rng, &[":", ":", ":", "::"]));
                position(rng, text, depth);
            }
        }
        "/" | "//" | "/#" | "/%" => {
            operand(
                rng,
                text,
                depth,
                &["a", "b", "ab", ".", "é", "$", "$$", "\\/", "\\\\", "\\", "}"],
            );
            text.push_str(pick(rng, &["/", "/", "/", "/", "//", ""]));
            operand(rng, text, depth, &["", "a", "x", "é", "$$", "\\/", "\\", "/", "aa", "$"]);
        }
        "#" | "##" | "%" | "%%" => {
            let longest = pick(rng, &[1, 2, 5]);
            for _ in 0..rng.usize(1..=longest) {
                operand(
                    rng,
                    text,
                    depth,
                    &[
                        "*", "*", "*", "?", "a", "b", "ab", ".", "/", "[", "]", "[a-c]", "]c-a[",
                        "[^a]", "[é-日]", "\\", "\\*", "é", "日", "-", "^", "[*]", "[\\]]",
                        "\u{fffd}", "$",
                    ],
                );
            }
        }
        "=" | ":=" | ":-" | ":?" | ":+" => {
            for _ in 0..rng.usize(..4) {
                operand(
                    rng,
                    text,
                    depth,
                    &["a", "d ", "$", "$$", "/", ":", "\\", "{", "é", "\n", "="],
                );
            }
        }
        _ => {}
    }
    text.push('}');
}

fn position(rng: &mut Rng, text: &mut String, depth: usize) {
    match rng.u8(..6) {
        0 if depth < 3 => expression(rng, text, depth + 1),
        1 => text.push_str("${n}"),
        _ => text.push_str(&number(rng)),
    }
}

fn operand(rng: &mut Rng, text: &mut String, depth: usize, choices: &[&str]) {
    if depth < 3 && rng.u8(..6) == 0 {
        expression(rng, text, depth + 1);
    } else {
        text.push_str(pick(rng, choices));
    }
}

/// Takes a character out, doubles one or puts another in.
fn spoil(rng: &mut Rng, text: &mut String) {
    let at = text.char_indices().map(|(at, _)| at).nth(rng.usize(..=text.len())).unwrap_or(0);
    let other = pick(
        rng,
        &[
            "$", "{", "}", "${", ":", "/", "#", "%", "^", ",", "=", "-", "\\", "\u{0}", "é", "1",
            " ",
        ],
    );
    match rng.u8(..3) {
        0 if !text.is_empty() => drop(text.remove(at)),
        1 if !text.is_empty() => {
            if let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
                text.insert(at, character);
            }
        }
        _ => text.insert_str(at, other),
    }
}
