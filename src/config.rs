//! `camp.toml`: the settings of a project.
