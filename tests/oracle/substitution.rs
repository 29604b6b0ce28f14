//! Variables: `flux_render::substitute` against the library that Flux's controller uses, results
//! and errors.

use std::collections::BTreeMap;

use fastrand::Rng;
use flux_render::substitute::{ErrorKind, From, Options, Value, Variables, substitute};
use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};

use crate::{
    base64,
    disagreements::Disagreements,
    generate::{self, pick},
    judge::judges,
    substitution_cases,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("substitution::hard", hard), Trial::test("substitution::generated", generated)]
}

#[derive(Clone, Debug, Serialize)]
struct Case {
    text: String,
    variables: BTreeMap<String, String>,
    strict: bool,
}

#[derive(Deserialize)]
struct Judged {
    ok: bool,
    #[serde(default)]
    text: Option<String>,
}

struct Known<'k>(&'k BTreeMap<String, String>);

impl Variables for Known<'_> {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        self.0.get(name).map(|value| Value::Known(value))
    }
}

#[rustfmt::skip]
const HARD: &[&str] = &[
    "$v", "$${v}", "$$", "$$$", "$$$$", "$$${v}", "a$", "$", "${v}", "${v=d}", "${v:=d}", "${v:-d}", "${v:?d}",
    "${v:+d}", "${e:=d}", "${e=d}", "${u:=d}", "${u}", "${e}", "${v-d}", "${v+d}", "${v?d}", "${v[0]}", "${v@Q}",
    "${}", "${.x}", "${!v}", "${ v }", "${v^}", "${v^^}", "${v,}", "${v,,}", "${v^,}", "${#v}", "${#u}", "${#}", "${##v}",
    "${v:1}", "${v:1:2}", "${v: -3}", "${v:-3}", "${v:0:-1}", "${v:0:-9}", "${v:9}", "${v:1:99}", "${v:x}", "${v::2}",
    "${v:1:}", "${v:}", "${v/a/b}", "${v//a/b}", "${v/#a/b}", "${v/%a/b}", "${v/a}", "${v/a} and /later}", "${v/a/}",
    "${v/\\//b}", "${v//\\\\/b}", "${v//}", "${v///b}", "${v#*a}", "${v##*a}", "${v%a*}", "${v%%a*}", "${v#[a-b]}",
    "${v%[a-b]}", "${v#?}", "${v#\\a}", "${v#[}", "${v#}", "${u:=${v}}", "${u:=a${v}b}", "${u:=${w:=x}}",
    "${u:=$$}", "${u:=a}b}", "${u:=}", "${u:=${}", "${v", "${v:=", "${v:=x", "a\0b ${v}", "${v}\0${", "${a_1}", "${1}",
    "${é}", "${v}${v}", "{${v}}", "${v}}", "\\${v}", "${v:=$${x}}", "${v:${n}}", "${v:${n}:${n}}", "${v#${w}}",
    "${s#*/}", "${s##*/}", "${s%/*}", "${s%%/*}", "${s/\\//-}", "${s//\\//-}", "${m,,}", "${m^^}", "${m^}", "${m:1:1}",
    "${m//é/e}", "${v=}", "${v==}", "${v:==}", "${v=:d}", "${v,,,}", "${v###a}", "${v%%%a}", "${v////a/b}", "${v/#/b}",
    "${v/%/b}", "${u?message}", "${v:+${w}}", "${v:=${w}", "${v:= d }", "${u:=\"q\"}", "${u:='{}'}", "\u{feff}${v}",
    "${v:9223372036854775807:1}", "${v:-9223372036854775808}", "${v:1:9223372036854775807}", "${v: 1}", "${v:+1:2}",
    "${ſ}", "${ǆ}", "${m%?}", "${m#?}", "${m%%[^a]*}", "${u:=ß}", "${v/a/$${x}}", "${v/a/$$}",
];

fn variables() -> BTreeMap<String, String> {
    [
        ("v", "abcabc"),
        ("e", ""),
        ("w", "a"),
        ("n", "1"),
        ("s", "a/b/c.d"),
        ("m", "éaßİΣᾳ"),
        ("a_1", "under"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

fn hard() -> Result<(), Failed> {
    let mut cases = Vec::new();
    for text in HARD {
        for strict in [false, true] {
            cases.push(Case { text: (*text).to_owned(), variables: variables(), strict });
        }
    }
    for text in substitution_cases::HARD {
        for variables in substitution_cases::VARIABLES {
            let variables: BTreeMap<String, String> = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            for strict in [false, true] {
                let (text, variables) = ((*text).to_owned(), variables.clone());
                cases.push(Case { text, variables, strict });
            }
        }
    }
    compare(&cases)
}

const CASES: usize = 200_000;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "$", "$$", "${", "{", "}", "${v}", "${e}", "${u}", "v", "e", "w", "u", "s", "m", "_", "1", ":", "=", "-", "+", "?",
    "/", "//", "/#", "/%", "#", "##", "%", "%%", "^", "^^", ",", ",,", "*", "[", "]", "a", "b", "\\", " ", "\n", "\"",
    "'", "é", "0", "-1", "2", ":=", ":-", "\\/", "[a-b]", "?", ".", "\0",
];

fn text(rng: &mut Rng, depth: u8) -> String {
    if rng.u8(0..3) == 0 {
        return (0..rng.u8(0..10)).map(|_| pick(rng, PIECES)).collect();
    }
    let name = pick(rng, &["v", "e", "u", "w", "s", "m", "n", "a_1"]);
    let argument = |rng: &mut Rng| {
        if depth > 0 && rng.u8(0..4) == 0 {
            text(rng, depth - 1)
        } else {
            (0..rng.u8(0..4)).map(|_| pick(rng, PIECES)).collect()
        }
    };
    let operator = pick(
        rng,
        &[
            "", ":=", "=", ":-", ":", "^", "^^", ",", ",,", "/", "//", "/#", "/%", "#", "##", "%",
            "%%",
        ],
    );
    let mut out = format!("{}${{{name}{operator}", pick(rng, &["", "x ", "$", "a: "]));
    match operator {
        "" | "^" | "^^" | "," | ",," => {}
        ":" => {
            out.push_str(pick(rng, &["0", "1", "-2", "9", "x", " -1"]));
            if rng.bool() {
                out.push(':');
                out.push_str(pick(rng, &["0", "1", "-2", "9", "x"]));
            }
        }
        "/" | "//" | "/#" | "/%" => {
            let (old, new) = (argument(rng), argument(rng));
            out.push_str(&format!("{old}/{new}"));
        }
        _ => out.push_str(&argument(rng)),
    }
    out.push_str(pick(rng, &["}", "}", "}", "}", "", "}}", "} ${v}"]));
    out
}

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("substitution::generated")?;
    let mut cases = Vec::new();
    for number in 0..generate::cases(CASES)? {
        // Two generators: one of any pieces, one of what is nearly right.
        if number % 2 == 0 {
            let text = substitution_cases::text(&mut rng);
            let variables = substitution_cases::variables(&mut rng);
            cases.push(Case { text, variables, strict: rng.bool() });
            continue;
        }
        let mut variables = variables();
        if rng.bool() {
            let value = (0..rng.u8(0..6)).map(|_| pick(&mut rng, PIECES)).collect();
            variables.insert(pick(&mut rng, &["v", "u", "w", "s"]).to_owned(), value);
        }
        cases.push(Case { text: text(&mut rng, 2), variables, strict: rng.bool() });
    }
    compare(&cases)
}

fn compare(cases: &[Case]) -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let mut substituted = 0;
    let verdicts = judges()?.ask_all::<_, Judged>("envsubst", cases)?;
    for (case, verdict) in cases.iter().zip(verdicts) {
        let ours = substitute(&case.text, &Known(&case.variables), Options { strict: case.strict });
        let theirs = match verdict {
            // Upstream panics where a substring is out of range: that is an error here.
            Err(error) if error.to_string().contains("panic: ") => {
                let range = matches!(&ours, Err(error) if error.kind == ErrorKind::Range);
                disagreements.compare(format!("{case:?} panics upstream"), &range, &true);
                continue;
            }
            verdict => verdict?,
        };
        let theirs =
            theirs.ok.then(|| base64::decode(&theirs.text.unwrap_or_default()).unwrap_or_default());
        substituted += usize::from(theirs.is_some());
        disagreements.compare(
            format!("{case:?}"),
            &ours.as_ref().ok().map(|output| String::from_utf8_lossy(&output.text).into_owned()),
            &theirs.as_ref().map(|text| String::from_utf8_lossy(text).into_owned()),
        );
        if let Ok(output) = &ours {
            let mut end = 0;
            for segment in &output.segments {
                let whole = segment.output.start == end;
                end = segment.output.end;
                let copied = match &segment.from {
                    From::Input(input) => {
                        case.text.as_bytes().get(input.clone())
                            == output.text.get(segment.output.clone())
                    }
                    From::Expression { expression, .. } => {
                        case.text.get(expression.clone()).is_some_and(|text| text.starts_with("${"))
                    }
                };
                disagreements.compare(format!("{case:?}: {segment:?}"), &(whole && copied), &true);
            }
            disagreements.compare(format!("{case:?}: the end"), &end, &output.text.len());
        }
    }
    disagreements.verdict(cases.len())?;
    if substituted * 4 < cases.len() {
        return Err(format!("only {substituted} of {} texts are valid", cases.len()).into());
    }
    Ok(())
}
