//! The catalogue: audiences, versions, membership history, runs; its schema and migrations.
