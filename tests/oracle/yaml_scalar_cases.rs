//! The scalars that `yaml_scalars` tries: those that readers are known to differ on, and generated
//! ones that look almost like a number, a date, a boolean or a tagged value.

use fastrand::Rng;

use crate::generate::pick;

/// Each has been read wrongly by some YAML library, or is the neighbour of one that has.
#[rustfmt::skip]
pub(crate) const HARD: &[&str] = &[
    // Booleans of YAML 1.1 and their neighbours.
    "y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "nO", "on", "On", "ON", "oN",
    "off", "Off", "OFF", "oFF", "true", "True", "TRUE", "tRUE", "truE", "false", "False", "FALSE",
    "fALSE", "t", "T", "f", "F", "yes.", "no-op", "on2", "o", "O", "nn",
    // Null and its neighbours.
    "~", "null", "Null", "NULL", "nULL", "nul", "~~", "nil", "None", "",
    // Octal, in both notations.
    "0", "00", "000", "07", "0644", "0755", "0777", "08", "09", "0089", "0o644", "0o0", "0o8", "0o",
    "0O644", "-0644", "+0644", "-0o17", "+0o17", "0o-17", "0o+17", "0_644", "0o_644", "00o7", "0o1_7",
    // Hexadecimal and binary.
    "0x1F", "0X1f", "0xg", "0x", "0x_1", "0x1_", "-0x10", "+0x10", "0x-1", "0xDEADBEEF",
    "0xFFFFFFFFFFFFFFFF", "0x10000000000000000", "-0x8000000000000000", "-0x8000000000000001",
    "0b1", "0B1", "0b2", "0b", "-0b1", "+0b1", "0b-1", "0b+1", "0b1_0", "0b_1", "-0b-1", "-0b+1",
    "0b1111111111111111111111111111111111111111111111111111111111111111",
    "0b11111111111111111111111111111111111111111111111111111111111111111",
    // Decimals: signs, underscores, limits.
    "1", "-1", "+1", "--1", "+-1", "-", "+", "-0", "+0", "1_000", "_1", "1_", "1__0", "1_000_000.5",
    "-_1", "+_1", "_", "__", "-_", "1,000", "1 000", "9223372036854775807", "9223372036854775808",
    "+9223372036854775807", "+9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "+18446744073709551615",
    "99999999999999999999999999999999", "00000000000000000000000000000001",
    // Floats.
    "0.1", ".1", "1.", ".", "..", "...5", "-.1", "+.1", "-1.", "+.", "-.", "1.2.3", "1e3", "1E3", "1e+3",
    "1e-3", "1e", "1e+", "e3", ".e3", "1.e3", ".1e3", "-1e3", "+1e3", "1e400", "-1e400", "1e-400",
    ".1e400", "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "4.9e-324",
    "2e-324", "1_0.5", "1._5", "._5", ".5_", ".5_5", ".5__5", ".5_e3", ".5e_3", ".5e1_0", ".5_5e3", "1e1_0", "1_e3", "-0.0", "0.0", "00.5", "01e3", "08.5", "0e0",
    "1.5f", "1.5e3.2", "0x1p3", "0x.8", "0x1.8p1", "1p3", "0.1e", "123456789012345678901234567890.5",
    ".inf", ".Inf", ".INF", ".iNF", "+.inf", "-.inf", "+.INF", "-.Inf", "inf", "-inf", "Infinity",
    "+Inf", ".infinity", ".nan", ".NaN", ".NAN", ".Nan", "nan", "NaN", "-.nan", "+.nan",
    // Base 60, which go-yaml leaves alone.
    "12:30", "1:2:3", "1:20:30.5", "-1:30", "190:20:30", "0:0", "00:30", "23:59:59", "1:60",
    // Timestamps.
    "2024-01-01", "2024-1-1", "2024-13-01", "2024-02-30", "2024-02-29", "2023-02-29", "24-01-01",
    "02024-01-01", "2024-01", "2024-01-01-", "2024-001-01", "2024-01-01 ", "0000-01-01", "9999-12-31",
    "2024-01-01T00:00:00Z", "2024-01-01t00:00:00z", "2024-01-01t00:00:00Z", "2024-01-01T00:00:00",
    "2024-01-01 00:00:00", "2024-01-01 00:00:00Z", "2024-01-01 00:00:00 Z", "2024-01-01  00:00:00",
    "2024-01-01T0:0:0Z", "2024-1-1T1:1:1Z", "2024-01-01T24:00:00Z", "2024-01-01T23:59:60Z",
    "2024-01-01T00:00:00.123Z", "2024-01-01T00:00:00.1234567890123Z", "2024-01-01T00:00:00,5Z",
    "2024-01-01 00:00:00.5", "2024-01-01 00:00:00,5", "2024-01-01T00:00:00+01:00",
    "2024-01-01T00:00:00-23:59", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+24:60",
    "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+01", "2024-01-01T00:00:00.Z", "2024-01-01T00:00Z",
    "2001-12-14 21:59:43.10 -5", "2024-01-01 1:2:3", "2024-01-01 001:2:3", "2024-1-01 12:5:59",
    // Merge, special characters, ordinary texts that begin like something else.
    "=", "<<", "1.2.3.4", "10.0.0.0/8", "1Gi", "100m", "0.5Gi", "1e3Ki", "v1", "3.10", "1.20.0", "+1-2",
    "-foo", "0foo", "1st", "~foo", "yes!", "nginx:1.27", "8080:80", "1-2", "1+1", "1e3e3", "\u{661}",
    "a:", "7:", ":7", "a:b", "7:7", "7:,7", ":", "::", "a?b", "a?", "?a", "a ?b",
    "http://h/?q=1", "a#b", "#a", "a #b", "*.a", "&", "%a", "@a", "`a", "|", ">", "-a", "- a",
    // Quotes make strings.
    "'1'", "\"1\"", "'true'", "\"null\"", "''", "\"\"", "'0644'", "\"2024-01-01\"", "\"\\x31\"", "'~'",
    // Tags decide.
    "!!str 1", "!!str true", "!!str ~", "!!str", "!!str 2024-01-01", "!!str 0644", "!!str \"\"",
    "!!int 1", "!!int \"3\"", "!!int '0x10'", "!!int 0644", "!!int 1_000", "!!int +1", "!!int 0o17",
    "!!int \"0b11\"", "!!int 18446744073709551615", "!!int 2024", "!!int \"-1\"",
    "!!float 1", "!!float \"1\"", "!!float 1.5", "!!float 0x10", "!!float 1e3", "!!float .inf",
    "!!float -9223372036854775808", "!!float 9007199254740993", "!!float 0644", "!!float -0",
    "!!bool true", "!!bool yes", "!!bool \"on\"", "!!bool 'FALSE'", "!!null ~", "!!null null", "!!null",
    "!!null \"\"", "!!null 'null'", "!!timestamp 2024-01-01", "!!timestamp \"2024-01-01\"",
    "!!timestamp '2024-01-01 00:00:00'", "!!binary aGk=", "!!binary \"aGk=\"", "!!binary", "!!binary /w==",
    "!!binary aGk", "!!binary a", "!!binary aGk=aGk=", "!!binary \"aG\\nk=\"", "!!binary a-_b",
    // Tags that the value contradicts.
    "!!int x", "!!int 1.5", "!!int true", "!!int ~", "!!int \"\"", "!!int 2024-01-01", "!!float x",
    "!!float true", "!!float 2024-01-01", "!!float 18446744073709551615", "!!bool 1", "!!bool maybe",
    "!!null 0", "!!null x", "!!timestamp 1", "!!timestamp x", "!!timestamp \"\"", "!!int \"1 \"",
    // Tags of no scalar type, local tags, and the tag that isn't one.
    "! 1", "! true", "! ~", "!local 1", "!local true", "!!map 1", "!!seq 1", "!!set 1", "!!foo 1",
    "!<tag:yaml.org,2002:int> 1", "!<tag:yaml.org,2002:str> 1", "!<!local> 1", "!!merge <<", "!!omap 1",
    "!<tag:example.com,2024:int> 1", "!!INT 1", "!!int64 1", "!<!> 1", "&anchor 1", "&anchor !!str 1",
    "!!str &anchor 1",
];

/// Returns a scalar of a random kind, sometimes damaged by a character, tagged or quoted.
pub(crate) fn generated(rng: &mut Rng) -> String {
    let mut text = match rng.u8(..10) {
        0..=3 => number(rng),
        4 | 5 => date(rng),
        6 | 7 => word(rng),
        _ => soup(rng),
    };
    if rng.u8(..4) == 0 {
        damage(rng, &mut text);
    }
    match rng.u8(..10) {
        0 => text = format!("'{}'", text.replace('\'', "''")),
        1 => text = format!("\"{}\"", text.replace(['\\', '"'], "")),
        _ => {}
    }
    if rng.u8(..5) == 0 {
        text = format!("{} {text}", pick(rng, TAGS));
    }
    text
}

const TAGS: &[&str] =
    &["!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!", "!local"];

fn number(rng: &mut Rng) -> String {
    let mut text = String::from(pick(rng, &["", "", "", "+", "-"]));
    match rng.u8(..6) {
        0 => {
            let prefix = pick(rng, &["0x", "0X", "0o", "0O", "0b", "0B", "0", "00"]);
            text.push_str(prefix);
            let digits =
                if prefix.ends_with(['b', 'B']) { "01" } else { "0123456789abcdefABCDEF_" };
            push_digits(rng, &mut text, digits, 70);
        }
        1 => text.push_str(pick(rng, LIMITS)),
        2 => push_digits(rng, &mut text, "01234567_", 24),
        _ => {
            push_digits(rng, &mut text, "0123456789_", 22);
            if rng.bool() {
                text.push('.');
                push_digits(rng, &mut text, "0123456789", 20);
            }
            if rng.bool() {
                text.push_str(pick(rng, &["e", "E", "e+", "e-", "E-"]));
                push_digits(rng, &mut text, "0123456789", 4);
            }
        }
    }
    text
}

/// Where 64 bits, a float's range and its precision end.
const LIMITS: &[&str] = &[
    "9223372036854775807",
    "9223372036854775808",
    "9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0xffffffffffffffff",
    "01777777777777777777777",
    "02000000000000000000000",
    "9007199254740993",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "2.2250738585072011e-308",
    "4.9e-324",
    "2.4e-324",
    ".inf",
    ".nan",
];

fn push_digits(rng: &mut Rng, text: &mut String, digits: &str, most: usize) {
    // Mostly few, so that whole forms stay likely.
    let count = if rng.u8(..8) == 0 { rng.usize(..=most) } else { rng.usize(..=3.min(most)) };
    for _ in 0..count {
        text.push(char::from(pick(rng, digits.as_bytes())));
    }
}

fn date(rng: &mut Rng) -> String {
    let mut text = format!(
        "{}-{}-{}",
        pick(rng, &["2024", "2023", "1900", "2000", "0000", "9999", "24", "12024"]),
        pick(rng, &["1", "01", "2", "02", "12", "13", "0", "00", "011"]),
        pick(rng, &["1", "01", "28", "29", "30", "31", "32", "0", "00", "9", "001"]),
    );
    if rng.u8(..3) > 0 {
        text.push_str(pick(rng, &["T", "t", " ", "  ", "T "]));
        for (place, choices) in [
            ("", &["0", "00", "1", "12", "23", "24", "012"]),
            (":", &["0", "00", "5", "59", "60", "30", "000"]),
            (":", &["0", "00", "7", "59", "60", "61", "9"]),
        ] {
            text.push_str(place);
            text.push_str(pick(rng, choices));
        }
        if rng.u8(..3) == 0 {
            text.push_str(pick(rng, &[".", ","]));
            push_digits(rng, &mut text, "0123456789", 15);
        }
        text.push_str(pick(
            rng,
            &[
                "", "Z", "z", "+01:00", "-01:00", "+0100", "+1:00", "+23:59", "+24:00", "-24:60",
                "+25:00", " Z", " -5", "+01:60", "+01:61",
            ],
        ));
    }
    text
}

fn word(rng: &mut Rng) -> String {
    let word = pick(
        rng,
        &[
            "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".inf", "-.inf",
            "+.inf", ".nan", "-.nan", "inf", "nan", "<<", "=", "none", "nil", "t", "f",
        ],
    );
    match rng.u8(..4) {
        0 => word.to_uppercase(),
        1 => word.chars().map(|c| if rng.bool() { c.to_ascii_uppercase() } else { c }).collect(),
        2 => {
            let mut capital = String::new();
            let mut first = true;
            for c in word.chars() {
                capital.push(if first { c.to_ascii_uppercase() } else { c });
                first &= !c.is_ascii_alphabetic();
            }
            capital
        }
        _ => word.into(),
    }
}

const SOUP: &[u8] = b"0123456789_+-.:eExXoObBaAfFtTzZyYnN~ ";

fn soup(rng: &mut Rng) -> String {
    let count = rng.usize(1..=8);
    (0..count).map(|_| char::from(pick(rng, SOUP))).collect()
}

fn damage(rng: &mut Rng, text: &mut String) {
    // Every text so far is ASCII: any offset is a character's.
    let at = rng.usize(..=text.len());
    if rng.bool() && at < text.len() {
        text.remove(at);
    } else {
        text.insert(at, char::from(pick(rng, SOUP)));
    }
}
