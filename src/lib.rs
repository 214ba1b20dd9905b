//! seglab: a terminal lab for training breast-tumour segmentation networks.
//!
//! A **spec** says what to compare. A **plan** turns it, without side effects, into **runs**. A **worker** process
//! executes one run and appends **events** to the run's directory. The **store** reads those directories; one reducer
//! turns events into **records**. Screens and reports are functions of records.
//!
//! So a dashboard can die without hurting a training, a training can die without hurting a dashboard, headless and
//! interactive use are the same code, and any table can be recomputed from what is on disk.
//!
//! In reading order; a module never names one further down:
//!
//! | module | what |
//! | --- | --- |
//! | [`plane`], [`config`], [`device`], [`markup`], [`version`] | masks and maps; what TOML files share; names of devices; untrusted text in pages; what the program calls itself |
//! | [`metric`], [`postprocess`], [`dataset`], [`pixel`], [`score`] | masks to numbers and to better masks; files and phantoms to cases; pixel classifiers; folders of masks |
//! | [`augment`] | random changes of training images |
//! | [`stats`] | intervals, paired tests and rank stability over cases |
//! | [`weights`] | files of pretrained weights |
//! | [`native`] | convolution, batch-norm, ReLU and pooling with own kernels and gradients |
//! | [`model`], [`loss`] | networks and what they are trained on (burn) |
//! | [`audit`] | which published numbers cannot be true together |
//! | [`spec`], [`run`], [`plan`] | what to compare; what a run says; what a run is |
//! | [`store`] | the run directories: the only place that spells their file names |
//! | [`train`], [`worker`] | the loop (burn), and the process around it |
//! | [`executor`], [`report`], [`predict`] | the queue's process; tables, figures, pages, exports and their check; masks of new images |
//! | [`tui`] | the dashboard (ratatui) |
//! | [`cli`] | the commands |
//!
//! A new network, loss or metric is one file and one row in its registry: [`model::MODELS`], [`loss::LossConfig`],
//! [`metric::METRICS`]. A new data set or comparison is one TOML file.
#![forbid(unsafe_code)]

pub mod audit;
pub mod augment;
pub mod cli;
pub mod config;
pub mod dataset;
pub mod device;
pub mod executor;
pub mod loss;
pub mod markup;
pub mod metric;
pub mod model;
pub mod native;
pub mod pixel;
pub mod plan;
pub mod plane;
pub mod postprocess;
pub mod predict;
pub mod report;
pub mod run;
pub mod score;
pub mod spec;
pub mod stats;
pub mod store;
pub mod train;
pub mod tui;
pub mod version;
pub mod weights;
pub mod worker;
