//! Collapsar: watch a variational autoencoder's posterior collapse, or not, while it trains.
//!
//! The modules read from the ground floor up, and no floor imports one above it. The engine knows no screen; the window and
//! the command line hold no tensor: they see [`experiment::Experiment`], [`train::Command`], [`train::Probe`] and
//! [`train::Reading`].
//!
//! | module | holds |
//! |---|---|
//! | [`priority`] | which threads go first, and give way to a frame |
//! | [`random`] | random numbers keyed by seed, purpose and step |
//! | [`data`] | data sets: generators, built-in, files |
//! | [`experiment`] | everything that defines a run; presets |
//! | [`device`] | which device trains, and why; sharing the window's wgpu device, and buffers that it draws, with burn |
//! | [`kernels`] | fused operations with their backward passes |
//! | [`nn`] | layers, the Brenier map |
//! | [`model`] | generative models: likelihood, decoder, encoder |
//! | [`inference`] | objectives |
//! | [`exact`] | what needs no training: the posterior on a grid, classical models, sampling |
//! | [`measure`] | what is read off a model |
//! | [`train`] | trainer threads, commands, probes, checkpoints |
//! | [`batch`] | many short runs in parallel over the cores: what sweeps and comparisons have in common |
//! | [`sweep`] | grids of short runs over two settings, and what theory says about them |
//! | [`compare`] | methods × seeds on one data set, as a table |
//! | [`cli`] | the headless face |
//! | [`ui`] | the window |

pub mod batch;
pub mod cli;
pub mod compare;
pub mod data;
pub mod device;
pub mod exact;
pub mod experiment;
pub mod inference;
pub mod kernels;
pub mod measure;
pub mod model;
pub mod nn;
pub mod priority;
pub mod random;
pub mod sweep;
pub mod train;
pub mod ui;
