//! YAML as libyaml reads it, in a flat tree whose every node knows its place in the source.
