//! What GitHub's runner takes a line of a log for (actions/runner,
//! `src/Runner.Common/ActionCommand.cs`).

use std::collections::{BTreeMap, BTreeSet};

/// A line of a log as GitHub's runner understands it.
pub(super) struct LogCommand {
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) data: String,
}

impl LogCommand {
    /// `ActionCommand.TryParseV2`, then `TryParse`, of actions/runner.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let known = BTreeSet::from([
            "add-mask",
            "add-matcher",
            "add-path",
            "debug",
            "echo",
            "endgroup",
            "error",
            "group",
            "notice",
            "remove-matcher",
            "save-state",
            "set-env",
            "set-output",
            "stop-commands",
            "warning",
        ]);
        let second = |line: &str| {
            let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
            Some((info.to_owned(), data.to_owned(), ','))
        };
        let first = |line: &str| {
            let (info, data) = line.split_once("##[")?.1.split_once(']')?;
            Some((info.to_owned(), data.to_owned(), ';'))
        };
        let name = |info: &str| info.split(' ').next().unwrap_or_default().to_owned();
        let (info, data, separator) = second(line)
            .filter(|(info, ..)| known.contains(name(info).as_str()))
            .or_else(|| first(line).filter(|(info, ..)| known.contains(name(info).as_str())))?;
        let properties = info.split_once(' ').map_or("", |(_, properties)| properties);
        let properties = properties.trim().split(separator).filter_map(|property| {
            let (key, value) = property.split_once('=')?;
            let value = value.replace("%0D", "\r").replace("%0A", "\n");
            Some((
                key.to_owned(),
                value.replace("%3A", ":").replace("%2C", ",").replace("%25", "%"),
            ))
        });
        Some(Self {
            name: name(&info),
            properties: properties.collect(),
            data: data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"),
        })
    }
}
