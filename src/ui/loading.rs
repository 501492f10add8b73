//! Work that must not hold up the window: reading data and files, writing results. Each job has a named thread of its own.

use super::adapt;
use crate::data::{self, Dataset, LoadMonitor, Source};
use crate::experiment::{Classical, DataSettings, Experiment, presets::Preset};
use crate::train::checkpoint::Checkpoint;
use eframe::egui::Context;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// A job on a thread of its own.
pub struct Job<T> {
    /// What is being done, for the screen.
    pub title: String,
    result: Receiver<T>,
    monitor: Arc<Monitor>,
}

/// Progress of a job, and the wish to end it.
#[derive(Default)]
pub struct Monitor {
    fraction: AtomicU32,
    is_cancelled: AtomicBool,
    ctx: Context,
}

impl LoadMonitor for Monitor {
    fn progress(&self, fraction: f32) {
        self.fraction.store(fraction.to_bits(), Ordering::Relaxed);
        self.ctx.request_repaint_after(std::time::Duration::from_millis(50));
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

impl<T: Send + 'static> Job<T> {
    /// Starts a job; `thread` names it for debuggers, `title` for people.
    ///
    /// # Errors
    /// A system that gives no more threads.
    pub fn start(
        thread: &str,
        title: impl Into<String>,
        ctx: &Context,
        work: impl FnOnce(&Monitor) -> T + Send + 'static,
    ) -> Result<Self, String> {
        let monitor = Arc::new(Monitor { ctx: ctx.clone(), ..Monitor::default() });
        let (sender, result) = sync_channel(1);
        let shared = monitor.clone();
        std::thread::Builder::new()
            .name(thread.to_owned())
            .spawn(move || {
                // Whoever started the job may no longer want to know.
                let _ = sender.send(work(&shared));
                shared.ctx.request_repaint();
            })
            .map_err(|error| format!("the system gives no thread for this: {error}"))?;
        Ok(Self { title: title.into(), result, monitor })
    }

    /// The result, once there is one; never waits. An error when the thread ended without.
    pub fn poll(&self) -> Option<Result<T, String>> {
        match self.result.try_recv() {
            Ok(result) => Some(Ok(result)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(format!("{}: this ended unexpectedly", self.title))),
        }
    }

    /// Share of the work done, 0 to 1.
    pub fn progress(&self) -> f32 {
        f32::from_bits(self.monitor.fraction.load(Ordering::Relaxed))
    }

    /// Asks the job to end.
    pub fn cancel(&self) {
        self.monitor.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.monitor.is_cancelled.store(true, Ordering::Relaxed);
    }
}

/// Everything a session starts from.
pub struct Start {
    /// What to train.
    pub experiment: Experiment,
    /// Its data.
    pub data: Arc<Dataset>,
    /// Where to go on from.
    pub checkpoint: Option<Checkpoint>,
    /// The lesson it belongs to.
    pub preset: Option<&'static Preset>,
    /// Whether training starts at once; none keeps what the present session does.
    pub running: Option<bool>,
    /// Said when it has started; nothing at the start of the program.
    pub message: Option<String>,
}

/// A data file, read and waiting for a decision.
pub struct Preview {
    /// The file or folder.
    pub path: PathBuf,
    /// How it was read.
    pub settings: DataSettings,
    /// The data, or what stands in the way of training on them.
    pub data: Result<Arc<Dataset>, String>,
    /// What the file holds.
    pub inspection: data::Inspection,
}

/// What came of reading something.
pub enum Loaded {
    /// Ready to be trained.
    Start(Box<Start>),
    /// A classical model to be looked at, and what to say then.
    Classical(Box<Classical>, String),
    /// Ready to be looked at.
    Preview(Box<Preview>),
}

/// What to read.
pub enum Request {
    /// The data of an experiment, then start it.
    Experiment {
        /// The experiment.
        experiment: Box<Experiment>,
        /// The lesson it belongs to.
        preset: Option<&'static Preset>,
        /// See [`Start::running`].
        running: Option<bool>,
        /// See [`Start::message`].
        message: Option<String>,
    },
    /// Other data for an experiment, which is adapted to them, then started.
    Adapted {
        /// The experiment.
        experiment: Box<Experiment>,
        /// The data.
        settings: Box<DataSettings>,
    },
    /// Whatever lies at a path: an experiment, a session, or data.
    Path(PathBuf),
    /// A data file, for a preview.
    Data {
        /// The file or folder.
        path: PathBuf,
        /// How to read it.
        settings: DataSettings,
    },
}

impl Request {
    /// What is being done, for the screen.
    pub fn title(&self) -> String {
        match self {
            Self::Experiment { experiment, .. } => format!("Loading {}…", source_name(&experiment.data.source)),
            Self::Adapted { settings, .. } => format!("Loading {}…", source_name(&settings.source)),
            Self::Path(path) | Self::Data { path, .. } => format!("Reading {}…", file_name(path)),
        }
    }

    /// Reads; blocks.
    ///
    /// # Errors
    /// One sentence.
    pub fn read(self, monitor: &dyn LoadMonitor) -> Result<Loaded, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        match self {
            Self::Experiment { experiment, preset, running, message } => {
                start(*experiment, None, preset, running, message, monitor)
            }
            Self::Adapted { experiment, settings } => {
                let mut settings = *settings;
                let load = |settings: &DataSettings| {
                    data::load(&settings.source, &settings.load_options(), monitor).map_err(|error| text(&error))
                };
                let mut data = load(&settings)?;
                // Only the data themselves tell what they can be conditioned on.
                if let Some(condition) = adapt::missing_condition(&experiment, &data, &settings) {
                    settings.condition = condition;
                    data = load(&settings)?;
                }
                let (experiment, changes) = adapt::adapt(&experiment, &data, settings).map_err(|error| text(&error))?;
                let message = Some(training_on(&experiment.data.source, &changes));
                Ok(Loaded::Start(Box::new(Start {
                    experiment,
                    data: Arc::new(data),
                    checkpoint: None,
                    preset: None,
                    running: Some(true),
                    message,
                })))
            }
            Self::Path(path) => match path.extension().and_then(|extension| extension.to_str()) {
                Some("toml") => {
                    let toml = std::fs::read_to_string(&path)
                        .map_err(|error| format!("{} could not be read: {error}", path.display()))?;
                    let file = path.display().to_string();
                    if Classical::is_named_in(&toml) {
                        let model = Classical::from_toml(&toml, &file).map_err(|error| text(&error))?;
                        let message = format!("Showing the model of {}", file_name(&path));
                        return Ok(Loaded::Classical(Box::new(model), message));
                    }
                    let experiment = Experiment::from_toml(&toml, &file).map_err(|error| text(&error))?;
                    let message = Some(format!("Started the experiment {}", file_name(&path)));
                    start(experiment, None, None, None, message, monitor)
                }
                Some(crate::train::checkpoint::EXTENSION) => {
                    let checkpoint = Checkpoint::read(&path).map_err(|error| text(&error))?;
                    let message = format!("Opened the session {}; it is paused where it was saved", file_name(&path));
                    start(checkpoint.experiment.clone(), Some(checkpoint), None, Some(false), Some(message), monitor)
                }
                _ => preview(path, DataSettings::default(), monitor),
            },
            Self::Data { path, settings } => preview(path, settings, monitor),
        }
    }
}

fn start(
    experiment: Experiment,
    checkpoint: Option<Checkpoint>,
    preset: Option<&'static Preset>,
    running: Option<bool>,
    message: Option<String>,
    monitor: &dyn LoadMonitor,
) -> Result<Loaded, String> {
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), monitor)
        .map_err(|error| error.to_string())?;
    Ok(Loaded::Start(Box::new(Start { experiment, data: Arc::new(data), checkpoint, preset, running, message })))
}

fn preview(path: PathBuf, settings: DataSettings, monitor: &dyn LoadMonitor) -> Result<Loaded, String> {
    let settings = DataSettings { source: Source::File(path.clone()), ..settings };
    let options = settings.load_options();
    let (data, inspection) = match data::load(&settings.source, &options, monitor) {
        Ok(data) => {
            let inspection = data.inspection().clone();
            (Ok(Arc::new(data)), inspection)
        }
        // Missing values keep the data from training, not from being looked at.
        Err(error @ data::DataError::MissingValue { .. }) => {
            let inspection = data::inspect(&path, &options, monitor).map_err(|error| error.to_string())?;
            (Err(error.to_string()), inspection)
        }
        Err(error) => return Err(error.to_string()),
    };
    Ok(Loaded::Preview(Box::new(Preview { path, settings, data, inspection })))
}

/// What is said when other data are trained on.
pub fn training_on(source: &Source, changes: &[String]) -> String {
    match changes {
        [] => format!("Training on {} with the same model", source_name(source)),
        changes => format!("Training on {}; adapted: {}", source_name(source), changes.join("; ")),
    }
}

/// Whether a path names an experiment or a session, and not data.
pub fn is_experiment(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml" || extension == crate::train::checkpoint::EXTENSION)
}

/// Name of a data source on the screen.
pub fn source_name(source: &Source) -> String {
    match source {
        Source::Pinwheel => "Pinwheel".to_owned(),
        Source::PinwheelR6 => "Pinwheel in R⁶".to_owned(),
        Source::FashionMnist => "Fashion-MNIST, first 5,000".to_owned(),
        Source::Digits => "Digits, 8×8".to_owned(),
        Source::LinearGaussian => "Linear Gaussian".to_owned(),
        Source::CorrelatedGaussian => "Correlated Gaussian".to_owned(),
        Source::LibiLinear => "LiBI linear".to_owned(),
        Source::LibiCubic => "LiBI cubic".to_owned(),
        Source::LibiGaussian => "LiBI Gaussian in R⁴".to_owned(),
        Source::LibiMobius => "LiBI Möbius".to_owned(),
        Source::File(path) => file_name(path),
    }
}

/// Last part of a path.
pub fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A whole number with its thousands set apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn wait<T: Send + 'static>(job: &Job<T>) -> Result<T, String> {
        let start = Instant::now();
        loop {
            if let Some(result) = job.poll() {
                return result;
            }
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_job_that_panics_is_an_error() {
        let job = Job::<()>::start("test", "Counting", &Context::default(), |_| panic!("on purpose")).unwrap();
        assert_eq!(wait(&job), Err("Counting: this ended unexpectedly".to_owned()));
    }

    #[test]
    fn a_job_hears_that_it_is_cancelled() {
        let job = Job::start("test", "Waiting", &Context::default(), |monitor| {
            while !monitor.is_cancelled() {
                std::thread::yield_now();
            }
            7
        })
        .unwrap();
        job.cancel();
        assert_eq!(wait(&job), Ok(7));
    }
}
