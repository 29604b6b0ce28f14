//! Builds a folder on disk: `cargo run -p flux-render --example build -- ROOT FOLDER`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

use std::{path::Path, process::ExitCode};

use flux_render::{
    MemoryFiles, emit,
    kustomize::{Builder, Options},
};

fn collect(folder: &Path, root: &Path, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with(".git") {
                collect(&path, root, files)?;
            }
        } else if let (Ok(relative), Ok(content)) = (path.strip_prefix(root), std::fs::read(&path))
        {
            files.push((relative.to_string_lossy().into_owned(), content));
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: build ROOT FOLDER");
        return ExitCode::FAILURE;
    };
    let mut files = Vec::new();
    if let Err(error) = collect(Path::new(&root), Path::new(&root), &mut files) {
        eprintln!("{root}: {error}");
        return ExitCode::FAILURE;
    }
    let files = MemoryFiles::new(files);
    match Builder::new(&files).build(&folder, Options::default()) {
        Ok(built) => {
            for (number, object) in built.objects.iter().enumerate() {
                if number > 0 {
                    println!("---");
                }
                match emit::yaml(&object.tree) {
                    Ok((text, _)) => print!("{text}"),
                    Err(error) => eprintln!("{error}"),
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let file = error.place.and_then(|place| files.path(place.file)).unwrap_or_default();
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}
