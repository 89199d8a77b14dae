// SPDX-License-Identifier: Apache-2.0
//! Plugins for the Assay model registry in Rust, without dependencies. Write a struct per component, implement
//! [`Component`] and the trait of what it can do ([`Trainer`], [`Scorer`], [`Fold`]), and name it in [`plugin!`].
//! Failures are returned as [`Error`]; a panic becomes one. Build with `crate-type = ["cdylib"]` and without
//! `panic = "abort"`.
//!
//! Lifetimes, threads and versions are told in the SDK's `ABI.md`; [`abi`] is the contract itself.

pub mod abi;
pub mod bytes;
pub mod plugin;
pub mod testing;

mod batch;
mod error;
mod host;
mod services;
mod table;

pub use batch::{Batch, Column, Field, Schema, Type};
pub use bytes::{seal, unseal, ByteReader, ByteWriter};
pub use error::{Error, Result};
pub use host::{Call, Config, Dataset, Log, Roles, Sink, Source};
pub use plugin::{Component, Fold, Model, Scorer, Trainer, Training};
pub use services::{philox, Host, Plain, Random, Scratch};
pub use table::{ColumnBuilder, Drift, Finding, Metric, Row, Severity, Table};

#[cfg(not(panic = "unwind"))]
compile_error!("a plugin catches its panics: build it without panic = \"abort\"");
