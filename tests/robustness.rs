//! What a file system can do to a run: each gives a located error or a gap, and
//! the rest of the run is unharmed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A repository with one good manifest, which every run must still see.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("portcullis.yaml"), "").unwrap();
    fs::write(folder.path().join("good.yaml"), pod("good")).unwrap();
    folder
}

fn pod(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  hostNetwork: true\n  \
         containers:\n    - name: a\n"
    )
}

fn check(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["check", ".", "--output=json"])
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap()
}

/// Runs `check` and returns its report; the run must end with findings, not fail.
fn report(root: &Path) -> Value {
    let output = check(root, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["findings"].as_array().unwrap();
    let in_good = |finding: &&Value| {
        finding["location"]["file"] == "good.yaml"
            && finding["rule"] == "pod-security/host-namespaces"
    };
    assert_eq!(found.iter().filter(in_good).count(), 1, "{report:#}");
    report
}

/// The messages of the gaps of one file.
fn gaps(report: &Value, file: &str) -> Vec<String> {
    let gaps = report["coverage"]["gaps"].as_array().unwrap();
    gaps.iter()
        .filter(|gap| gap["location"]["file"] == file)
        .map(|gap| gap["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_gigabyte_of_zeros_is_not_read() {
    let folder = repository();
    let mut file = File::create(folder.path().join("zeros.yaml")).unwrap();
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(&[0]).unwrap();
    let report = report(folder.path());
    assert_eq!(gaps(&report, "zeros.yaml"), ["can't be read: it is larger than 64 MiB"]);
}

#[cfg(unix)]
#[test]
fn folders_and_files_without_permission_are_gaps() {
    use std::os::unix::fs::PermissionsExt;

    let folder = repository();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::write(locked.join("pod.yaml"), pod("hidden")).unwrap();
    let secret = folder.path().join("secret.yaml");
    fs::write(&secret, pod("secret")).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let permission_counts = File::open(&secret).is_err();
    let report = report(folder.path());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    if permission_counts {
        assert!(gaps(&report, "locked")[0].contains("ermission denied"), "{report:#}");
        assert!(gaps(&report, "secret.yaml")[0].contains("ermission denied"), "{report:#}");
    } else {
        // Nothing is locked to this user (root): both files are read like any other.
        let files = report["coverage"]["files"].as_u64();
        assert_eq!(files, Some(3), "{report:#}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let folder = repository();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let report = report(folder.path());
    // It is no file, so it can't hold manifests that git or Flux would see.
    assert!(gaps(&report, "pipe.yaml").len() <= 1, "{report:#}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let folder = repository();
    symlink(".", folder.path().join("loop")).unwrap();
    symlink("nowhere", folder.path().join("broken.yaml")).unwrap();
    symlink("good.yaml", folder.path().join("link.yaml")).unwrap();
    let report = report(folder.path());
    for (link, words) in
        [("loop", "not followed"), ("broken.yaml", "leads nowhere"), ("link.yaml", "not followed")]
    {
        let gaps = gaps(&report, link);
        assert!(gaps.len() == 1 && gaps[0].contains(words), "{link}: {gaps:?}");
    }
}

/// Whatever is read of a file that changes, it is one state or another of it, or an error.
#[test]
fn files_may_change_while_they_are_read() {
    let folder = repository();
    let path = folder.path().join("changing.yaml");
    let (small, large) = (pod("small"), pod("large") + &"# padding\n".repeat(50_000));
    fs::write(&path, &small).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(&path, &large).unwrap();
                fs::write(&path, &small).unwrap();
                let _ = fs::remove_file(&path);
            }
        });
        for _ in 0..20 {
            report(folder.path());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn hostile_texts_are_located_errors() {
    let folder = repository();
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &(b'b'..=b'j')
            .map(|name| {
                let (name, before) = (name as char, (name - 1) as char);
                let aliases = vec![format!("*{before}"); 9].join(", ");
                format!("{name}: &{name} [{aliases}]\n")
            })
            .collect::<Vec<_>>()
            .concat();
    let texts = [
        ("nested.yaml", "apiVersion: ".to_owned() + &"[".repeat(200_000)),
        ("deep.yaml", "a: ".to_owned() + &"[".repeat(20_000) + &"]".repeat(20_000)),
        ("bomb.yaml", bomb),
        ("key.yaml", "a".repeat(10 << 20) + ": b\n"),
        ("blocks.yaml", (0..20_000).map(|n| " ".repeat(n.min(12_000)) + "-\n").collect()),
    ];
    for (name, text) in &texts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let report = report(folder.path());
    for (name, _) in &texts {
        let found = report["findings"].as_array().unwrap();
        let is_here = |finding: &&Value| {
            finding["location"]["file"] == *name && finding["rule"] == "yaml/syntax"
        };
        let located = found.iter().any(|finding| is_here(&finding));
        assert!(located || !gaps(&report, name).is_empty(), "{name}");
    }
}

#[test]
fn threads_never_show() {
    let folder = repository();
    for namespace in 0..40 {
        let inner = folder.path().join(format!("team-{namespace}"));
        fs::create_dir(&inner).unwrap();
        for app in 0..10 {
            let text = pod(&format!("app-{app}"))
                .replace("  name: app", &format!("  namespace: team-{namespace}\n  name: app"));
            fs::write(inner.join(format!("{app}.yaml")), text).unwrap();
        }
    }
    let one = check(folder.path(), &["--jobs=1"]);
    for jobs in ["--jobs=2", "--jobs=8"] {
        let other = check(folder.path(), &[jobs]);
        assert!(one.stdout == other.stdout, "{jobs} gives other bytes than --jobs=1");
    }
    assert!(one.stdout.len() > 100_000);
}
