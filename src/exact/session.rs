//! [`ClassicalSession`]: a thread that answers for a classical model whatever its settings are now; the newest settings win.

use super::data::PpcaExamples;
use super::mixture_reading::MixtureLesson;
use super::ppca_reading::PpcaLesson;
use super::{ClassicalError, ClassicalReading};
use crate::data::LoadMonitor;
use crate::experiment::{Classical, MixtureSettings, PpcaData, PpcaSettings};
use crate::priority::Priority;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

type Wake = Arc<dyn Fn() + Send + Sync>;

/// A classical model being looked at. Dropping it ends its thread.
///
/// What is quick, the exact answer, is always finished and shown, so that a dragged slider moves something; what takes time, the other
/// ways of inference, is given up as soon as something else is asked.
pub struct ClassicalSession {
    experiment: Classical,
    example: usize,
    reading: Option<Arc<ClassicalReading>>,
    error: Option<ClassicalError>,
    is_done: bool,
    asked: Arc<Asked>,
    requests: Sender<Request>,
    answers: Receiver<Answer>,
}

/// What the window wants now, for the thread to look at while it works; and how far it is.
#[derive(Default)]
struct Asked {
    /// Number of the newest request.
    request: AtomicU64,
    /// Number of the first request for the data of the newest one.
    data: AtomicU64,
    /// Bits of an `f32`.
    progress: AtomicU32,
}

struct Request {
    number: u64,
    data: u64,
    experiment: Classical,
    example: usize,
}

struct Answer {
    request: u64,
    content: Content,
}

enum Content {
    Reading(Arc<ClassicalReading>),
    Failed(ClassicalError),
    Done,
}

impl ClassicalSession {
    /// Starts the thread. `wake` is called whenever there is something new to [`Self::poll`].
    pub fn start(experiment: Classical, wake: Wake) -> Self {
        let (requests, request_receiver) = unbounded();
        let (answer_sender, answers) = unbounded();
        let asked = Arc::new(Asked::default());
        let worker = Worker {
            requests: request_receiver,
            answers: answer_sender.clone(),
            wake,
            asked: asked.clone(),
            examples: None,
        };
        let mut session =
            Self { experiment, example: 0, reading: None, error: None, is_done: false, asked, requests, answers };
        if let Err(error) = std::thread::Builder::new().name("classical".to_owned()).spawn(|| {
            Priority::Background.apply();
            worker.run();
        }) {
            session.error = Some(ClassicalError::Sampling(format!("no thread could be started ({error})")));
        }
        session.ask(true);
        session
    }

    /// Looks at the model with other settings from now on; sampling for the former ones is given up.
    pub fn configure(&mut self, experiment: Classical) {
        if self.experiment != experiment {
            let has_other_data = data_of(&self.experiment) != data_of(&experiment);
            self.experiment = experiment;
            self.ask(has_other_data);
        }
    }

    /// Looks at another example of the data from now on; a number beyond the last example means the last.
    pub fn look_at(&mut self, example: usize) {
        if self.example != example {
            self.example = example;
            self.ask(false);
        }
    }

    fn ask(&mut self, has_other_data: bool) {
        // Only this thread writes the numbers; the worker reads them to know whether its work is still wanted.
        let number = self.asked.request.load(Ordering::Relaxed) + 1;
        if has_other_data {
            self.asked.data.store(number, Ordering::Relaxed);
        }
        self.asked.progress.store(0, Ordering::Relaxed);
        self.asked.request.store(number, Ordering::Relaxed);
        let data = self.asked.data.load(Ordering::Relaxed);
        let request = Request { number, data, experiment: self.experiment.clone(), example: self.example };
        // Without a thread there is nobody to answer, and an error says so already.
        self.is_done = self.requests.send(request).is_err();
    }

    /// Takes in what the thread has found; never waits.
    pub fn poll(&mut self) {
        while let Ok(Answer { request, content }) = self.answers.try_recv() {
            let is_newest = request == self.asked.request.load(Ordering::Relaxed);
            match content {
                Content::Reading(reading) => {
                    self.reading = Some(reading);
                    if is_newest {
                        self.error = None;
                    }
                }
                Content::Failed(error) if is_newest => self.error = Some(error),
                Content::Done if is_newest => self.is_done = true,
                Content::Failed(_) | Content::Done => {}
            }
        }
    }

    /// The settings asked for last.
    pub fn experiment(&self) -> &Classical {
        &self.experiment
    }

    /// The newest answer. It may belong to former settings while the thread is at work, and says which.
    pub fn reading(&self) -> Option<&Arc<ClassicalReading>> {
        self.reading.as_ref()
    }

    /// Why there is no answer for the present settings.
    pub fn error(&self) -> Option<&ClassicalError> {
        self.error.as_ref()
    }

    /// Share of the sampling done, 0 to 1; `None` when the thread has nothing left to do.
    pub fn progress(&self) -> Option<f32> {
        (!self.is_done).then(|| f32::from_bits(self.asked.progress.load(Ordering::Relaxed)))
    }
}

impl Drop for ClassicalSession {
    fn drop(&mut self) {
        self.asked.data.store(u64::MAX, Ordering::Relaxed);
        self.asked.request.store(u64::MAX, Ordering::Relaxed);
    }
}

fn data_of(experiment: &Classical) -> Option<&PpcaData> {
    match experiment {
        Classical::Ppca(settings) => Some(&settings.data),
        Classical::MixtureWeight(_) => None,
    }
}

struct Worker {
    requests: Receiver<Request>,
    answers: Sender<Answer>,
    wake: Wake,
    asked: Arc<Asked>,
    /// The data looked at last: loading them takes longer than anything else that is exact.
    examples: Option<(PpcaData, Arc<PpcaExamples>)>,
}

impl Worker {
    fn run(mut self) {
        while let Ok(mut request) = self.requests.recv() {
            while let Ok(newer) = self.requests.try_recv() {
                request = newer;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| self.answer(&request)));
            let outcome = outcome.unwrap_or(Err(ClassicalError::Defect));
            if let Err(error) = outcome {
                self.send(&request, Content::Failed(error));
            }
            self.send(&request, Content::Done);
        }
    }

    /// Whoever dropped the session wants no answer.
    fn send(&self, request: &Request, content: Content) {
        let _ = self.answers.send(Answer { request: request.number, content });
        (self.wake)();
    }

    fn answer(&mut self, request: &Request) -> Result<(), ClassicalError> {
        request.experiment.validate()?;
        match &request.experiment {
            Classical::Ppca(settings) => self.answer_ppca(request, settings),
            Classical::MixtureWeight(settings) => self.answer_mixture(request, settings),
        }
    }

    fn answer_ppca(&mut self, request: &Request, settings: &PpcaSettings) -> Result<(), ClassicalError> {
        let Some(examples) = self.examples(request, &settings.data)? else { return Ok(()) };
        let lesson = PpcaLesson::new(&examples, settings, request.example)?;
        let mut reading = lesson.read()?;
        self.send_reading(request, ClassicalReading::Ppca(Box::new(reading.clone())));
        if let Some(posterior) = lesson.sample(&self.while_newest(request))? {
            reading.posteriors.push(posterior);
            self.send_reading(request, ClassicalReading::Ppca(Box::new(reading)));
        }
        Ok(())
    }

    fn answer_mixture(&mut self, request: &Request, settings: &MixtureSettings) -> Result<(), ClassicalError> {
        let lesson = MixtureLesson::new(settings);
        let mut reading = lesson.read()?;
        self.send_reading(request, ClassicalReading::Mixture(Box::new(reading.clone())));
        let monitor = self.while_newest(request);
        let Some(posterior) = lesson.mean_field(&monitor)? else { return Ok(()) };
        reading.posteriors.push(posterior);
        self.send_reading(request, ClassicalReading::Mixture(Box::new(reading.clone())));
        let Some(posterior) = lesson.sample(&monitor)? else { return Ok(()) };
        reading.posteriors.push(posterior);
        self.send_reading(request, ClassicalReading::Mixture(Box::new(reading)));
        Ok(())
    }

    fn send_reading(&self, request: &Request, reading: ClassicalReading) {
        self.send(request, Content::Reading(Arc::new(reading)));
    }

    fn while_newest(&self, request: &Request) -> WhileNewest<'_> {
        WhileNewest { asked: &self.asked, request: request.number }
    }

    /// The data, loaded unless they are those of the request before; `None` if other data are wanted by now.
    fn examples(&mut self, request: &Request, data: &PpcaData) -> Result<Option<Arc<PpcaExamples>>, ClassicalError> {
        if let Some((loaded, examples)) = &self.examples
            && loaded == data
        {
            return Ok(Some(examples.clone()));
        }
        let monitor = WhileDataWanted { asked: &self.asked, data: request.data };
        let Some(examples) = PpcaExamples::load(data, &monitor)?.map(Arc::new) else { return Ok(None) };
        self.examples = Some((data.clone(), examples.clone()));
        Ok(Some(examples))
    }
}

/// Loading goes on while settings change, unless other data are asked for.
struct WhileDataWanted<'a> {
    asked: &'a Asked,
    data: u64,
}

impl LoadMonitor for WhileDataWanted<'_> {
    fn progress(&self, _fraction: f32) {}

    fn is_cancelled(&self) -> bool {
        self.asked.data.load(Ordering::Relaxed) != self.data
    }
}

/// Mean-field inference and sampling go on until anything else is asked for.
struct WhileNewest<'a> {
    asked: &'a Asked,
    request: u64,
}

impl LoadMonitor for WhileNewest<'_> {
    fn progress(&self, fraction: f32) {
        if !self.is_cancelled() {
            self.asked.progress.store(fraction.to_bits(), Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.asked.request.load(Ordering::Relaxed) != self.request
    }
}
