//! The delivery: workflows, the action for others, and the scripts of both.
//!
//! actionlint, zizmor and shellcheck judge them too (`.ci/workflows`); here is what those don't
//! know: what the scripts do, and what this repository asks of a workflow.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_yaml::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn image(arguments: &[&str]) -> Output {
    Command::new(root().join(".github/scripts/image")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const COUNTER: &str = "contoso.azurecr.io/services/counter";
const OTHER_DIGEST: &str =
    "sha256:2222222222222222222222222222222222222222222222222222222222222222";

const KUSTOMIZATION: &str = "\
kind: Kustomization
resources:
  - ../../base
images:
  # moved by release-service
  - name: redis
    newTag: 7.4.1
    digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
  - name: counter
    newName: contoso.azurecr.io/services/counter # {\"$imagepolicy\": \"flux-system:counter:name\"}
    newTag: '1.4.2' # {\"$imagepolicy\": \"flux-system:counter:tag\"}
    digest: sha256:1111111111111111111111111111111111111111111111111111111111111111 # {\"$imagepolicy\": \"flux-system:counter:digest\"}
patches:
  - patch: |
      newTag: 1
";

#[test]
fn an_image_moves_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("kustomization.yaml");
    fs::write(&file, KUSTOMIZATION).unwrap();
    let path = file.to_str().unwrap();

    let before = image(&["get", path, COUNTER]);
    assert_eq!(
        text(&before.stdout),
        format!("1.4.2 sha256:{}\n", "1".repeat(64)),
        "{}",
        text(&before.stderr)
    );
    let set = image(&["set", path, COUNTER, "1.5.0", OTHER_DIGEST]);
    assert!(set.status.success(), "{}", text(&set.stderr));
    let expected = KUSTOMIZATION
        .replace("'1.4.2'", "1.5.0")
        .replace(&format!("sha256:{}", "1".repeat(64)), OTHER_DIGEST);
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
}

#[test]
fn an_image_that_cannot_be_moved_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("kustomization.yaml");
    let path = file.to_str().unwrap();
    let without = |line: &str| {
        let kept = KUSTOMIZATION.lines().filter(|other| !other.contains(line));
        kept.fold(String::new(), |text, line| text + line + "\n")
    };
    let twice = KUSTOMIZATION.replace("name: redis", "name: contoso.azurecr.io/services/counter");
    let doubled =
        KUSTOMIZATION.replace("    newTag: 7.4.1\n", "    newTag: 7.4.1\n    newTag: 7\n");
    let flow =
        "images:\n  - {name: contoso.azurecr.io/services/counter, newTag: 1.4.2, digest: x}\n";
    let elsewhere = KUSTOMIZATION.replace("images:", "components:");
    let block = KUSTOMIZATION.replace("'1.4.2' #", "|- #");
    for (what, content, tag, digest) in [
        ("no such entry", without("newName"), "1.5.0", OTHER_DIGEST),
        ("no tag", without("counter:tag"), "1.5.0", OTHER_DIGEST),
        ("no digest", without("counter:digest"), "1.5.0", OTHER_DIGEST),
        ("two entries", twice, "1.5.0", OTHER_DIGEST),
        ("a key twice", doubled, "1.5.0", OTHER_DIGEST),
        ("an entry on one line", flow.to_owned(), "1.5.0", OTHER_DIGEST),
        ("not under images", elsewhere, "1.5.0", OTHER_DIGEST),
        ("a block scalar", block, "1.5.0", OTHER_DIGEST),
        ("a tag that YAML reads as a number", KUSTOMIZATION.to_owned(), "1.5", OTHER_DIGEST),
        ("a tag with a second line", KUSTOMIZATION.to_owned(), "1.5.0\nx: y", OTHER_DIGEST),
        ("a short digest", KUSTOMIZATION.to_owned(), "1.5.0", "sha256:22"),
    ] {
        fs::write(&file, &content).unwrap();
        let output = image(&["set", path, COUNTER, tag, digest]);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", text(&output.stderr));
        assert!(text(&output.stderr).starts_with("error: "), "{what}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content, "{what}");
    }
    assert_eq!(image(&["set", path, COUNTER]).status.code(), Some(2));
}

/// Services: the folders of `apps/` that have overlays.
fn services() -> BTreeSet<String> {
    let folders = fs::read_dir(root().join("apps")).expect("apps/ is there");
    let services: BTreeSet<String> = folders
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("overlays").is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(!services.is_empty());
    services
}

#[test]
fn each_overlay_of_this_repository_can_be_moved() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("kustomization.yaml");
    for service in services() {
        for cluster in ["staging", "production"] {
            let overlay = format!("apps/{service}/overlays/{cluster}/kustomization.yaml");
            let before = fs::read_to_string(root().join(&overlay)).expect(&overlay);
            fs::write(&copy, &before).unwrap();
            let name = format!("contoso.azurecr.io/services/{service}");
            let output = image(&["set", copy.to_str().unwrap(), &name, "987.65.4", OTHER_DIGEST]);
            assert!(output.status.success(), "{overlay}: {}", text(&output.stderr));
            let after = fs::read_to_string(&copy).unwrap();
            assert_eq!(after.lines().count(), before.lines().count(), "{overlay}");
            let moved: Vec<_> = after
                .lines()
                .zip(before.lines())
                .filter(|(after, before)| after != before)
                .map(|(after, _)| after.split(':').next().unwrap_or_default().trim())
                .collect();
            assert_eq!(moved, ["newTag", "digest"], "{overlay}");
        }
    }
}

/// Runs a script of the action as GitHub's runner does: inputs in the environment, outputs in a
/// file. Returns its status, outputs and log.
fn action_step(
    script: &str,
    inputs: &[(&str, &str)],
    folder: &Path,
) -> (i32, BTreeMap<String, String>, String) {
    let outputs = folder.join("outputs");
    fs::write(&outputs, "").unwrap();
    let output = Command::new(root().join(".github/action").join(script))
        .current_dir(root())
        .env("GITHUB_OUTPUT", &outputs)
        .env("RUNNER_TEMP", folder)
        .env("SOURCE", root())
        .envs(inputs.iter().copied())
        .output()
        .unwrap();
    let written = fs::read_to_string(&outputs).unwrap();
    let written = written.lines().filter_map(|line| line.split_once('='));
    (
        output.status.code().unwrap(),
        written.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        text(&output.stdout) + &text(&output.stderr),
    )
}

#[test]
fn the_action_annotates_counts_and_fails() {
    let folder = TempDir::new().unwrap();
    let sarif = folder.path().join("a report.sarif");
    let sarif = sarif.to_str().unwrap();
    let proof = folder.path().join("injected");
    let injection = format!("--skip=x; touch {0} $(touch {0}) `touch {0}`", proof.display());
    for (path, arguments, fail_on, strict, status, findings) in [
        ("examples/before", "--root=examples/before\n--rule=yaml/*", "error", "false", 0, "0"),
        ("examples/before", "--root=examples/before", "error", "false", 1, "4"),
        ("examples/before", "--root=examples/before", "never", "false", 0, "4"),
        ("examples/before", "--root\nexamples/before\n--rule=images/*\n", "error", "false", 1, "1"),
        ("examples/before\nexamples/none", "", "error", "true", 2, ""),
        ("examples/before", "", "whatever", "false", 2, ""),
        ("examples/before", injection.as_str(), "error", "false", 2, ""),
        ("--help", "", "error", "false", 2, ""),
    ] {
        let inputs = [
            ("BINARY", env!("CARGO_BIN_EXE_portcullis")),
            ("CHECK_PATH", path),
            ("CHECK_ARGS", arguments),
            ("FAIL_ON", fail_on),
            ("STRICT", strict),
            ("SARIF", sarif),
        ];
        let (code, outputs, log) = action_step("check.sh", &inputs, folder.path());
        let place = format!("{path} {arguments} {fail_on}: {outputs:?}\n{log}");
        assert_eq!(code, status, "{place}");
        assert_eq!(outputs["exit-code"], status.to_string(), "{place}");
        if !findings.is_empty() {
            assert_eq!(outputs["findings"], findings, "{place}");
            assert_eq!(log.matches("::error file=").count().to_string(), findings, "{place}");
            assert_eq!(outputs["sarif"], sarif, "{place}");
        }
        assert_eq!(outputs["sarif"].is_empty(), !Path::new(sarif).exists(), "{place}");
    }
    assert!(!proof.exists(), "an input ran as a command");
}

#[test]
fn the_action_takes_no_other_bytes_than_those_released() {
    let version = env!("CARGO_PKG_VERSION");
    let folder = TempDir::new().unwrap();
    let release = folder.path().join(format!("releases/v{version}"));
    fs::create_dir_all(&release).unwrap();
    let archive = format!("portcullis-{version}-x86_64-unknown-linux-musl.tar.gz");
    fs::write(folder.path().join("portcullis"), "#!/bin/sh\necho released\n").unwrap();
    let packed = Command::new("tar")
        .args(["-czf", release.join(&archive).to_str().unwrap(), "portcullis"])
        .current_dir(folder.path())
        .status();
    assert!(packed.unwrap().success());
    let bytes = fs::read(release.join(&archive)).unwrap();
    let hash = Sha256::digest(bytes).iter().fold(String::new(), |hash, b| format!("{hash}{b:02x}"));
    let other = "0".repeat(64);
    let releases = format!("file://{}/releases", folder.path().display());
    let tagged = format!("v{version}");

    for (what, given, sum, sums, platform, expected) in [
        ("this checkout's release", "", "", Some(&hash), "Linux-X64", None),
        ("a release by its tag", tagged.as_str(), "", Some(&hash), "Linux-X64", None),
        ("a pinned hash", version, hash.as_str(), Some(&other), "Linux-X64", None),
        ("other bytes", "", "", Some(&other), "Linux-X64", Some("has SHA-256")),
        (
            "other bytes than pinned",
            "",
            other.as_str(),
            Some(&hash),
            "Linux-X64",
            Some("has SHA-256"),
        ),
        ("no checksum", "", "", None, "Linux-X64", Some("doesn't name")),
        ("no such release", "99.0.0", "", Some(&hash), "Linux-X64", Some("can't be fetched")),
        ("no version", "main", "", Some(&hash), "Linux-X64", Some("not a version")),
        ("a way out", "../../1.0.0", "", Some(&hash), "Linux-X64", Some("not a version")),
        ("no hash", "", "abc", Some(&hash), "Linux-X64", Some("not a SHA-256")),
        ("no such platform", "", "", Some(&hash), "Linux-RISCV64", Some("no release for")),
    ] {
        // A longer name that ends alike must not be taken for the archive's.
        let sums =
            sums.map_or(format!("{hash}  other-{archive}\n"), |sum| format!("{sum}  {archive}\n"));
        fs::write(release.join("SHA256SUMS"), sums).unwrap();
        let (os, architecture) = platform.split_once('-').unwrap();
        let inputs = [
            ("VERSION", given),
            ("SHA256", sum),
            ("RELEASES", releases.as_str()),
            ("RUNNER_OS", os),
            ("RUNNER_ARCH", architecture),
        ];
        let (code, outputs, log) = action_step("install.sh", &inputs, folder.path());
        match expected {
            None => {
                assert_eq!(code, 0, "{what}: {log}");
                let binary = fs::read_to_string(&outputs["binary"]).unwrap();
                assert!(binary.contains("released"), "{what}");
            }
            Some(message) => {
                assert_eq!(code, 1, "{what}: {log}");
                assert!(log.contains(message), "{what}: {log}");
                assert!(outputs.is_empty(), "{what}: {outputs:?}");
            }
        }
    }
}

fn workflows() -> Vec<(PathBuf, String, Value)> {
    let files = WalkDir::new(root().join(".github/workflows")).sort_by_file_name();
    let workflows: Vec<_> = files
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file())
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let value = serde_yaml::from_str(&text).unwrap();
            (path, text, value)
        })
        .collect();
    assert!(workflows.len() >= 6, "{}", workflows.len());
    workflows
}

#[test]
fn workflows_ask_for_the_least_and_end() {
    for (path, _, workflow) in workflows() {
        let place = path.display();
        assert_eq!(workflow["permissions"], Value::Mapping(serde_yaml::Mapping::new()), "{place}");
        assert_eq!(workflow["defaults"]["run"]["shell"], "bash", "{place}: pipefail");
        // YAML 1.1 read `on` as true; serde_yaml doesn't.
        let on = &workflow["on"];
        assert!(on.get("pull_request_target").is_none(), "{place}");
        let is_called_alone = on.get("workflow_call").is_some();
        assert!(is_called_alone || workflow["concurrency"].is_mapping(), "{place}: concurrency");
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            assert!(job["permissions"].is_mapping(), "{place}: {name} has no permissions");
            let ends = job["timeout-minutes"].is_u64() || job["uses"].is_string();
            assert!(ends, "{place}: {name} has no timeout-minutes");
            for step in job["steps"].as_sequence().into_iter().flatten() {
                // What an expression holds would be read as shell; the environment is not.
                let run = step["run"].as_str().unwrap_or_default();
                assert!(!run.contains("${{"), "{place}: {name} has an expression in its shell");
            }
        }
    }
}

#[test]
fn actions_are_pinned_alike_by_commit_and_say_which_version() {
    let mut pins = BTreeMap::new();
    for (path, text, _) in workflows() {
        for (number, line) in text.lines().enumerate() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            if used.starts_with("./") {
                continue;
            }
            let place = format!("{}:{}: {used}", path.display(), number + 1);
            let (action, pin) = used.split_once('@').expect(&place);
            let (commit, version) = pin.split_once(" # v").expect(&place);
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{place}");
            assert!(version.split('.').count() == 3, "{place}");
            let before = pins.insert(action.to_owned(), pin.to_owned());
            assert!(before.is_none_or(|before| before == pin), "{place}: pinned in two ways");
        }
    }
    assert!(pins.len() >= 10, "{pins:?}");
}

#[test]
fn workflows_know_each_service() {
    let strings = |value: &Value| -> BTreeSet<String> {
        let items = value.as_sequence().expect("a list").iter();
        items.map(|item| item.as_str().unwrap().to_owned()).collect()
    };
    let all = workflows();
    let workflow = |name: &str| &all.iter().find(|(path, ..)| path.ends_with(name)).expect(name).2;
    let images = &workflow("validate.yaml")["jobs"]["images"]["strategy"]["matrix"]["service"];
    let promoted =
        &workflow("promote.yaml")["on"]["workflow_dispatch"]["inputs"]["service"]["options"];
    assert_eq!(strings(images), services());
    assert_eq!(strings(promoted), services());
}

#[test]
fn all_jobs_count_for_the_check_that_is_required() {
    let all = workflows();
    let (.., validate) = all.iter().find(|(path, ..)| path.ends_with("validate.yaml")).unwrap();
    let jobs = validate["jobs"].as_mapping().unwrap().keys();
    let jobs: BTreeSet<_> =
        jobs.filter_map(Value::as_str).filter(|job| *job != "validated").collect();
    let needs = validate["jobs"]["validated"]["needs"].as_sequence().unwrap();
    assert_eq!(needs.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), jobs);
}

/// A repository with one service, whose image is that of [`KUSTOMIZATION`], cloned from `origin`.
#[cfg(target_os = "linux")]
fn repository(folder: &Path) -> PathBuf {
    let work = folder.join("work");
    let overlay = work.join("apps/counter/overlays/staging");
    fs::create_dir_all(&overlay).unwrap();
    fs::create_dir_all(work.join(".github/scripts")).unwrap();
    fs::write(overlay.join("kustomization.yaml"), KUSTOMIZATION).unwrap();
    fs::copy(root().join(".github/scripts/image"), work.join(".github/scripts/image")).unwrap();
    for arguments in [
        "init --quiet --initial-branch main",
        "add --all",
        "-c user.name=x -c user.email=x@example commit --quiet --message x",
        "update-ref refs/remotes/origin/main HEAD",
    ] {
        let git = Command::new("git").args(arguments.split(' ')).current_dir(&work).status();
        assert!(git.unwrap().success(), "{arguments}");
    }
    work
}

/// Runs one step of a workflow as the runner does. Returns whether it passed, its outputs and log.
#[cfg(target_os = "linux")]
fn workflow_step(
    workflow: &str,
    job: &str,
    step: &str,
    work: &Path,
    environment: &[(&str, &str)],
) -> (bool, String, String) {
    let all = workflows();
    let (.., workflow) = all.iter().find(|(path, ..)| path.ends_with(workflow)).expect(workflow);
    let mut steps = workflow["jobs"][job]["steps"].as_sequence().expect(job).iter();
    let step = steps.find(|other| other["name"] == step).expect(step);
    let outputs = work.join("../outputs");
    fs::write(&outputs, "").unwrap();
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()])
        .current_dir(work)
        .env("GITHUB_OUTPUT", &outputs)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let log = text(&output.stdout) + &text(&output.stderr);
    (output.status.success(), fs::read_to_string(&outputs).unwrap(), log)
}

#[cfg(target_os = "linux")]
#[test]
fn an_image_is_proposed_forward_only() {
    const OVERLAY: &str = "apps/counter/overlays/staging/kustomization.yaml";
    let same = format!("sha256:{}", "1".repeat(64));
    for (version, digest, passes, moved) in [
        ("1.5.0", OTHER_DIGEST, true, true),
        ("1.10.0", OTHER_DIGEST, true, true),
        ("1.4.2", same.as_str(), true, false),
        ("1.4.2", OTHER_DIGEST, false, false),
        ("1.4.1", OTHER_DIGEST, false, false),
        ("0.99.0", OTHER_DIGEST, false, false),
        ("1.5.0", "sha256:2", false, false),
    ] {
        let folder = TempDir::new().unwrap();
        let work = repository(folder.path());
        let environment = [
            ("CLUSTER", "staging"),
            ("SERVICE", "counter"),
            ("VERSION", version),
            ("DIGEST", digest),
            ("OVERLAY", OVERLAY),
            ("IMAGE", COUNTER),
        ];
        let step = "Move tag and digest, forward only";
        let (passed, outputs, log) =
            workflow_step("move-image.yaml", "propose", step, &work, &environment);
        assert_eq!(passed, passes, "{version}: {log}");
        assert_eq!(outputs, if moved { "moved=true\n" } else { "" }, "{version}: {log}");
        let after = fs::read_to_string(work.join(OVERLAY)).unwrap();
        assert_eq!(after != KUSTOMIZATION, moved, "{version}: {log}");
        if !moved {
            continue;
        }

        // In place of gh stands what writes down how it was called.
        let calls = folder.path().join("calls");
        let gh = folder.path().join("gh");
        fs::write(&gh, format!("#!/bin/sh\necho \"$@\" >>{}\n", calls.display())).unwrap();
        fs::set_permissions(&gh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let environment = [
            &environment[..],
            &[
                ("PATH", path.as_str()),
                ("GITHUB_REPOSITORY", "fabrikam/platform"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_RUN_ID", "7"),
                ("GITHUB_RUN_ATTEMPT", "1"),
            ],
        ]
        .concat();
        let (passed, _, log) =
            workflow_step("move-image.yaml", "propose", "Commit and propose", &work, &environment);
        assert!(passed, "{log}");
        let calls = fs::read_to_string(calls).unwrap();
        let branch = format!("image/staging/counter-{version}-7-1");
        let [reference, contents, create, run, merge] = calls.lines().collect::<Vec<_>>()[..]
        else {
            panic!("{calls}");
        };
        assert!(reference.contains(&format!("--raw-field ref=refs/heads/{branch}")), "{calls}");
        assert!(
            contents.contains(&format!("repos/fabrikam/platform/contents/{OVERLAY}")),
            "{calls}"
        );
        assert!(contents.contains(&format!("--raw-field branch={branch} ")), "{calls}");
        let content = contents.split_once("--raw-field content=").unwrap().1;
        let encoded =
            Command::new("base64").args(["--wrap=0", OVERLAY]).current_dir(&work).output();
        assert_eq!(content, text(&encoded.unwrap().stdout), "{calls}");
        assert!(create.starts_with(&format!("pr create --base main --head {branch} ")), "{calls}");
        assert_eq!(run, format!("workflow run validate.yaml --ref {branch}"));
        assert_eq!(merge, format!("pr merge --auto --squash {branch}"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_is_a_tag_of_a_service_on_main_with_bases_of_the_registry() {
    let base = format!("contoso.azurecr.io/mirror/rust:1@sha256:{}", "3".repeat(64));
    let foreign = format!("contoso.azurecr.io.example.net/rust@sha256:{}", "3".repeat(64));
    for (tag, runtime, is_on_main, message) in [
        ("counter/v2.10.0", base.as_str(), true, ""),
        ("counter/v2.10.0", base.as_str(), false, "is not on main"),
        ("counter/v2.10", base.as_str(), true, "is tagged"),
        ("counter/v2.10.0-rc.1", base.as_str(), true, "is tagged"),
        ("../counter/v2.10.0", base.as_str(), true, "is tagged"),
        ("orders/v1.0.0", base.as_str(), true, "no service orders"),
        ("counter/v2.10.0", "contoso.azurecr.io/mirror/static:1", true, "by digest"),
        ("counter/v2.10.0", foreign.as_str(), true, "by digest"),
        ("counter/v2.10.0", "", true, "by digest"),
    ] {
        let folder = TempDir::new().unwrap();
        let work = repository(folder.path());
        if !is_on_main {
            let commit =
                "-c user.name=x -c user.email=x@example commit --quiet --allow-empty --message y";
            let git = Command::new("git").args(commit.split(' ')).current_dir(&work).status();
            assert!(git.unwrap().success());
        }
        let environment = [
            ("GITHUB_REF_NAME", tag),
            ("REGISTRY", "contoso.azurecr.io"),
            ("BUILDER_IMAGE", base.as_str()),
            ("RUNTIME_IMAGE", runtime),
        ];
        let step = "Read service and version from the tag";
        let (passed, outputs, log) =
            workflow_step("release-service.yaml", "image", step, &work, &environment);
        assert_eq!(passed, message.is_empty(), "{tag} {runtime}: {log}");
        assert!(log.contains(message), "{tag} {runtime}: {log}");
        let expected = format!("service=counter\nversion=2.10.0\nimage={COUNTER}\n");
        assert_eq!(outputs, if passed { expected.as_str() } else { "" }, "{tag}");
    }
}
