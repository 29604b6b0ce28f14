//! Which Secrets and ConfigMaps a pod names: `kube::Reference` against the visitors of k8s.io/kubernetes
//! `pkg/api/v1/pod` (`oracle/references`), on pods that are made from the table of schemas.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::{
    kube::{Object, Pod, PodTemplates, Reference, Subject},
    repo::File,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    disagreements::Disagreements,
    generate,
    judge::{JudgeError, toolchain},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("references::of_generated_pods", of_generated_pods)]
}

/// What a pod names.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    secrets: BTreeSet<String>,
    config_maps: BTreeSet<String>,
}

fn of_generated_pods() -> Result<(), Failed> {
    let mut rng = generate::rng("references::of_generated_pods")?;
    let mut maker = Maker { definitions: definitions(), names: 0, rng: &mut rng };
    let pods: Vec<String> = (0..generate::cases(3_000)?)
        .map(|_| {
            let spec = maker.object("api.core.v1.PodSpec");
            json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}).to_string()
        })
        .collect();
    let mut disagreements = Disagreements::default();
    let mut found = 0;
    for (pod, theirs) in pods.iter().zip(ask(&pods)?) {
        found += theirs.secrets.len().min(1) + theirs.config_maps.len().min(1);
        disagreements.compare(pod.clone(), &ours(pod), &theirs);
    }
    if found < pods.len() {
        return Err(format!("{} pods name only {found} kinds of objects", pods.len()).into());
    }
    disagreements.verdict(pods.len())
}

fn ours(pod: &str) -> Names {
    let file = File::new("pod.yaml", spanned_yaml::parse(pod));
    let mut names = Names::default();
    let Some(object) = file.tree.root(0).and_then(|root| Object::read(&file, root)) else {
        return names;
    };
    if let Some(Ok(pod)) = Pod::read(&object, &PodTemplates::default()) {
        Reference::of_pod(&pod, &mut |reference| {
            let name = reference.name.text().to_owned();
            match reference.subject {
                Subject::Secret => names.secrets.insert(name),
                Subject::ConfigMap => names.config_maps.insert(name),
                _ => false,
            };
        });
    }
    names
}

/// Asks the program of `oracle/references` about pods, one a line.
fn ask(pods: &[String]) -> Result<Vec<Names>, Failed> {
    toolchain()?;
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/references");
    let binary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("references-judge");
    let build = Command::new("go")
        .args(["build", "-buildvcs=false", "-o"])
        .args([&binary, Path::new(".")])
        .current_dir(&module)
        .output()?;
    if !build.status.success() {
        let said = String::from_utf8_lossy(&build.stderr).into_owned();
        return Err(JudgeError::Build(said).into());
    }
    let mut child = Command::new(&binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the process has no pipes".into());
    };
    let answers = thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut input = BufWriter::new(input);
            pods.iter().try_for_each(|pod| writeln!(input, "{pod}"))
        });
        let lines = BufReader::new(output).lines();
        let answers: Result<Vec<Names>, Failed> =
            lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect();
        match writer.join() {
            Ok(Ok(())) => answers,
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err("the requests weren't written".into()),
        }
    });
    let (answers, status) = (answers?, child.wait()?);
    if !status.success() || answers.len() != pods.len() {
        return Err(format!("{} answers to {} pods, {status}", answers.len(), pods.len()).into());
    }
    Ok(answers)
}

type Definitions = BTreeMap<&'static str, Vec<(&'static str, &'static str)>>;

/// The fields of each definition, with their types, as the table has them.
fn definitions() -> Definitions {
    let mut definitions = Definitions::new();
    let mut current = "";
    let text = include_str!("../../schemas/kubernetes.txt");
    for line in text.lines().skip_while(|line| !line.starts_with("= ")) {
        let line = line.rsplit_once(" ~").map_or(line, |(line, _)| line);
        if let Some(name) = line.strip_prefix("= ") {
            current = name;
        } else if !line.starts_with(['*', ':'])
            && let Some((name, rest)) = line.split_once(' ')
        {
            let of_type = rest.split(' ').next().unwrap_or_default();
            let field = (name.trim_end_matches('!'), of_type);
            definitions.entry(current).or_default().push(field);
        }
    }
    definitions
}

/// Makes objects of definitions, in which every text is one of its own.
struct Maker<'r> {
    definitions: Definitions,
    names: u32,
    rng: &'r mut Rng,
}

impl Maker<'_> {
    fn object(&mut self, definition: &str) -> Value {
        let fields = self.definitions.get(definition).cloned().unwrap_or_default();
        // A volume has one source: upstream looks at no second one.
        let only = (definition == "api.core.v1.Volume").then(|| self.rng.usize(..fields.len()));
        let mut object = Map::new();
        for (number, (name, of_type)) in fields.into_iter().enumerate() {
            let is_in = match only {
                Some(only) => only == number,
                // Where lists of containers and volumes end, the names are.
                None => self.rng.u8(..100) < 45,
            };
            if is_in && let Some(value) = self.value(of_type) {
                object.insert(name.to_owned(), value);
            }
        }
        Value::Object(object)
    }

    /// A value of a type of the table; none of those that Go reads from texts of a certain form.
    fn value(&mut self, of_type: &str) -> Option<Value> {
        let of_type = of_type.trim_end_matches('?');
        let inner = |name: &str| of_type.strip_prefix(name)?.strip_suffix(')');
        if let Some(items) = inner("list(") {
            let count = self.rng.usize(1..=2);
            return (0..count)
                .map(|_| self.value(items))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array);
        }
        if let Some(values) = inner("map(") {
            return Some(json!({"key": self.value(values)?}));
        }
        if let Some(definition) = of_type.strip_prefix('@') {
            return self.definitions.contains_key(definition).then(|| self.object(definition));
        }
        match of_type.split(['=', '?']).next().unwrap_or_default() {
            "string" => {
                self.names += 1;
                Some(json!(format!("n{}", self.names)))
            }
            "boolean" => Some(json!(self.rng.bool())),
            "integer" | "integer:int32" | "integer:int64" => Some(json!(1)),
            _ => None,
        }
    }
}
