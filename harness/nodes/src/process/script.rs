//! Processes described by what they do, one thing after the other.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Container, Exit, Listener, Process, Running};

#[derive(Debug, Clone)]
enum Step {
    Log(bool, String),
    After(Duration),
    Write(String, Bytes),
    Http(u16, StatusCode, Bytes),
    Listen(u16, Listener),
    Close(u16),
    AnswerAll,
    Exit(Exit),
}

/// A process described by what it does, one thing after the other. A script that does not exit runs until it is stopped.
#[derive(Debug, Clone)]
pub struct Script {
    steps: Vec<Step>,
    /// How it takes SIGTERM: none ignores it.
    stop: Option<(Duration, i32)>,
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// Does nothing until it is stopped, and listens on no port.
    pub fn new() -> Self {
        Self { steps: Vec::new(), stop: Some((Duration::ZERO, 0)) }
    }

    /// Answers every request and every probe until it is stopped: what unknown images do.
    pub fn server() -> Self {
        Self::new().step(Step::AnswerAll)
    }

    /// Prints a line.
    #[must_use]
    pub fn log(self, line: impl Into<String>) -> Self {
        self.step(Step::Log(false, line.into()))
    }

    /// Prints a line to standard error.
    #[must_use]
    pub fn error(self, line: impl Into<String>) -> Self {
        self.step(Step::Log(true, line.into()))
    }

    /// Goes on after this time.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        self.step(Step::After(time))
    }

    /// Writes a file; `/dev/termination-log` is where a termination message goes unless the pod says otherwise.
    #[must_use]
    pub fn write(self, path: impl Into<String>, content: impl Into<Bytes>) -> Self {
        self.step(Step::Write(path.into(), content.into()))
    }

    /// Answers every HTTP request on a port with this status and body, from now on.
    #[must_use]
    pub fn serve(self, port: u16, status: StatusCode, body: impl Into<Bytes>) -> Self {
        self.step(Step::Http(port, status, body.into()))
    }

    /// Listens on a port in another way.
    #[must_use]
    pub fn listen(self, port: u16, listener: Listener) -> Self {
        self.step(Step::Listen(port, listener))
    }

    /// Stops listening on a port.
    #[must_use]
    pub fn close(self, port: u16) -> Self {
        self.step(Step::Close(port))
    }

    /// Ends with an exit code.
    #[must_use]
    pub fn exit(self, code: i32) -> Self {
        self.step(Step::Exit(Exit::code(code)))
    }

    /// Is killed for using more memory than its limit.
    #[must_use]
    pub fn out_of_memory(self) -> Self {
        self.step(Step::Exit(Exit::out_of_memory()))
    }

    /// Takes this time to stop when asked to, and ends with this exit code. Unless told, a script stops at once with 0.
    #[must_use]
    pub fn stops(mut self, time: Duration, code: i32) -> Self {
        self.stop = Some((time, code));
        self
    }

    /// Does not stop when asked to, so that it has to be killed.
    #[must_use]
    pub fn ignores_stop(mut self) -> Self {
        self.stop = None;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    async fn play(&self, container: &Container) -> Exit {
        for step in &self.steps {
            match step {
                Step::Log(false, line) => container.log.stdout(line),
                Step::Log(true, line) => container.log.stderr(line),
                Step::After(time) => tokio::time::sleep(*time).await,
                Step::Write(path, content) => {
                    if let Err(error) = container.files.write(path, content.clone()) {
                        container.log.stderr(&error.to_string());
                        return Exit::code(1);
                    }
                }
                Step::Http(port, status, body) => {
                    let (status, body) = (*status, body.clone());
                    container.ports.serve(*port, move |_| {
                        let mut response = Response::new(body.clone());
                        *response.status_mut() = status;
                        std::future::ready(response)
                    });
                }
                Step::Listen(port, listener) => container.ports.listen(*port, listener.clone()),
                Step::Close(port) => container.ports.close(*port),
                Step::AnswerAll => container.ports.answer_all(),
                Step::Exit(exit) => return *exit,
            }
        }
        std::future::pending().await
    }
}

impl Process for Script {
    fn run(&self, container: Container) -> Running {
        let script = self.clone();
        Box::pin(async move {
            let stopped = async {
                match script.stop {
                    None => std::future::pending().await,
                    Some((time, code)) => {
                        container.stopped().await;
                        if !time.is_zero() {
                            tokio::time::sleep(time).await;
                        }
                        Exit::code(code)
                    }
                }
            };
            tokio::select! {
                biased;
                exit = script.play(&container) => exit,
                exit = stopped => exit,
            }
        })
    }
}
