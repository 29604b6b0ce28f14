//! What an image reference is: `kube::ImageReference` against distribution's
//! `ParseNormalizedNamed`.

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::kube::ImageReference;
use serde::{Deserialize, Serialize};

use crate::{
    disagreements::Disagreements,
    generate::{self, pick},
    judge::judges,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("image_references::hard", hard),
        Trial::test("image_references::generated", generated_cases),
    ]
}

#[derive(Serialize)]
struct Case {
    text: String,
}

#[derive(Deserialize)]
struct Judged {
    named: Named,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    error: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    digest: String,
}

/// Domain, path, tag, digest; none for what is refused.
type Verdict = Option<[String; 4]>;

#[rustfmt::skip]
const HARD: &[&str] = &[
    "", " ", "nginx", "nginx:1.27", "Nginx", "nginx:", "nginx:LATEST", "nginx:a b", "nginx ",
    " nginx", "nginx\n", "nginx:_x", "nginx:.x", "nginx:-x", "nginx:x.", "nginx::x", "nginx:x:y",
    "nginx@", "nginx:@", "library/nginx", "docker.io/nginx", "docker.io/library/nginx",
    "index.docker.io/nginx", "index.docker.io/library/nginx", "index.docker.io", "docker.io",
    "docker.io/", "docker.io:443/nginx", "DOCKER.IO/nginx", "Docker.io/a/b",
    "registry-1.docker.io/nginx", "grafana/grafana", "a/b/c/d", "localhost", "localhost/app",
    "localhost:5000/app", "localhost:5000", "LOCALHOST/app", "localhostx/app",
    "contoso.azurecr.io", "contoso.azurecr.io/", "contoso.azurecr.io/app",
    "contoso.azurecr.io:443/app", "contoso.azurecr.io:/app", "contoso.azurecr.io:x/app",
    "contoso.azurecr.io:1:2/app", "contoso.azurecr.io@evil", "contoso.azurecr.io@evil.com/app",
    "evil.com/contoso.azurecr.io/x", "contoso.azurecr.io./app", ".azurecr.io/app",
    "contoso..azurecr.io/app", "contoso.azurecr.io//app", "-contoso.io/app", "contoso-.io/app",
    "contoso--x.io/app", "con_toso.io/app", "con__toso.io/app", "con___toso.io/app",
    "_contoso.io/app", "con_toso.io:5000/app", "Con_toso.io/app", "Contoso/app", "Contoso/App",
    "contoso/App", "contoso.io/App", "contoso.io/a/B:C", "CONTOSO.IO/app:Tag", "é/app", "é.io/app",
    "É/app", "app/é", "ſ/app", "a/İ", "K/app", "日本.io/app", "[::1]/app", "[::1]:5000/app",
    "[::1]:/app", "[::1]x/app", "[]/app", "[fe80]/app", "[FE80]/app", "[::g]/app", "[::1/app",
    "::1]/app", "[fe80::1%eth0]:5000/app", "10.0.0.1/app", "10.0.0.1:5000/app",
    "999.999.999.999/app", "1/2", "1:2/3", "a:1/b", "a:b/c", "a:/b", ":5000/app", ":/app", "/app",
    "//app", "app/", "a//b", "a/./b", "a/../b", "a/-b", "a/b-", "a/b--c", "a/b-_c", "a/b_.c",
    "a/b.c", "a/b..c", "a/b__c", "a/b___c", "a/b-", "a.b", "a_b", "a.-b", "http://nginx",
    "https://ghcr.io/a/b", "oci://ghcr.io/a", "docker://nginx", "$VAR/app", "${VAR}/app",
    "{{ .Values.image }}", "app?x", "app#x", "app%20", "a\\b", "a*b",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
    "a/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef:1",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef:1",
    "a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    "a@sha256:0123456789abcdef0123456789abcdeg0123456789abcdef0123456789abcdef",
    "a@sha256:0123456789abcdef0123456789abcdef", "a@sha512:0123456789abcdef0123456789abcdef",
    "a@sha384:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a@md5:0123456789abcdef0123456789abcdef", "a@sha1:0123456789abcdef0123456789abcdef01234567",
    "a@sha256+b64:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "a@sha256:",
    "a@:abc", "a@sha256", "a@b@c",
    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@x",
    "ghcr.io/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

fn hard() -> Result<(), Failed> {
    let mut texts: Vec<String> = HARD.iter().map(|text| (*text).to_owned()).collect();
    // Lengths at which something ends: paths at 255 with what Docker Hub puts before them, tags at 128.
    for length in [246, 247, 248, 254, 255, 256, 257] {
        let path = "a".repeat(length);
        texts.extend([
            path.clone(),
            format!("b/{path}"),
            format!("ghcr.io/{path}"),
            format!("g_.io/{path}"),
        ]);
        texts.extend([
            format!("ghcr.io/b/{path}"),
            format!("{path}.io/app"),
            format!("c_d.io/{path}"),
        ]);
    }
    texts.extend([127, 128, 129].map(|length| format!("nginx:{}", "t".repeat(length))));
    agree(texts)
}

fn generated_cases() -> Result<(), Failed> {
    let mut rng = generate::rng("image_references::generated")?;
    agree((0..generate::cases(100_000)?).map(|_| generated(&mut rng)).collect())
}

fn agree(texts: Vec<String>) -> Result<(), Failed> {
    let cases: Vec<Case> = texts.into_iter().map(|text| Case { text }).collect();
    let mut disagreements = Disagreements::default();
    for (case, verdict) in
        cases.iter().zip(judges()?.ask_all::<_, Judged>("image-reference", &cases)?)
    {
        let Named { error, domain, path, tag, digest } = verdict?.named;
        let theirs = error.is_empty().then_some([domain, path, tag, digest]);
        disagreements.compare(format!("{:?} ({error})", case.text), &ours(&case.text), &theirs);
    }
    disagreements.verdict(cases.len())
}

fn ours(text: &str) -> Verdict {
    let reference = ImageReference::parse(text).ok()?;
    let or_empty = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Some([
        reference.domain.to_owned(),
        reference.path().into_owned(),
        or_empty(reference.tag),
        or_empty(reference.digest),
    ])
}

/// References put together of parts that are mostly right, then perhaps damaged.
fn generated(rng: &mut Rng) -> String {
    let hosts = [
        "",
        "",
        "",
        "docker.io/",
        "index.docker.io/",
        "ghcr.io/",
        "localhost/",
        "localhost:5000/",
        "registry:5000/",
        "a.b-c.io/",
        "a_b.io/",
        "A.io/",
        "Host/",
        "[::1]:80/",
        "[FE80]/",
        "10.0.0.1/",
        "x./",
        "-x.io/",
        "x.io:/",
        "x.io:y/",
    ];
    let mut text = String::from(pick(rng, &hosts));
    for at in 0..=rng.usize(..4) {
        if at > 0 {
            text.push('/');
        }
        let parts = [
            "a", "app", "0", "team", "library", "x-y", "x--y", "x_y", "x__y", "x.y", "x_.y", "-x",
            "x-", "App", "",
        ];
        text.push_str(pick(rng, &parts));
    }
    if rng.bool() {
        text.push_str(pick(
            rng,
            &[":1", ":latest", ":v1.2.3-rc_1", ":", ":.x", ":-", ":_", ":a:b", ":UP"],
        ));
    }
    if rng.u8(..4) == 0 {
        text.push('@');
        text.push_str(pick(
            rng,
            &["sha256", "sha256", "sha384", "sha512", "sha1", "SHA256", "sha256+x", ""],
        ));
        text.push_str(pick(rng, &[":", ":", ":", ""]));
        let length = pick(rng, &[64, 64, 64, 96, 128, 32, 63, 65, 0]);
        let alphabet = pick(rng, &["0123456789abcdef", "0123456789abcdef", "0f", "aA", "fg"]);
        text.extend(
            (0..length)
                .map(|_| rng.choice(alphabet.as_bytes()).map_or('0', |byte| char::from(*byte))),
        );
    }
    for _ in 0..pick(rng, &[0_usize, 0, 0, 1, 1, 2]) {
        let at = rng.usize(..=text.len());
        let piece = pick(
            rng,
            &[
                "/", ":", "@", ".", "-", "_", "__", "A", "z", "0", "[", "]", " ", "$", "//", "::",
                "é", "İ", "\n",
            ],
        );
        if text.is_char_boundary(at) {
            match rng.u8(..3) {
                0 => text.truncate(at),
                _ => text.insert_str(at, piece),
            }
        }
    }
    text
}
