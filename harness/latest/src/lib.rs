//! The latest of a value, for tasks that wait for it and are woken in the order in which they came.
//!
//! This is tokio's `watch`, which runs cannot use and stay deterministic: it spreads who waits over eight lists at random, and wakes one list after the
//! other. Who creates what first, and so which name and uid it gets, was then decided by chance wherever two tasks waited for the same thing.
//! [`tokio::sync::Notify`] has one list, from which it wakes all in the order in which they began to wait.
//!
//! Only what is used of that type is here. There is one sender.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{RwLock, RwLockReadGuard};
use tokio::sync::Notify;

/// Added to the version when the sender is gone; versions count in steps of two.
const CLOSED: u64 = 1;

#[derive(Debug)]
struct Shared<T> {
    value: RwLock<T>,
    /// Counts changes.
    version: AtomicU64,
    changed: Notify,
}

/// Sets the value. When it is dropped, who waits is told that nothing will come any more.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// Sees the value, and waits for it to change. A clone has seen what this one has.
#[derive(Debug, Clone)]
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// The sender is gone, and all that it sent was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl<T> Sender<T> {
    /// A value that is there from the beginning.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Shared { value: RwLock::new(value), version: AtomicU64::new(0), changed: Notify::new() }))
    }

    /// Waits for changes from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { shared: Arc::clone(&self.0), seen: self.0.version.load(Ordering::Acquire) }
    }

    /// The value. Nobody can set it while this is held.
    pub fn borrow(&self) -> RwLockReadGuard<'_, T> {
        self.0.value.read()
    }

    /// Sets the value; what it was. All who wait are woken, also if it was the same.
    pub fn send_replace(&self, value: T) -> T {
        let old = std::mem::replace(&mut *self.0.value.write(), value);
        self.changed();
        old
    }

    /// Changes the value in its place. All who wait are woken.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.value.write());
        self.changed();
    }

    /// Changes the value in its place. All who wait are woken if `change` says that it did.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) {
        let changed = change(&mut self.0.value.write());
        if changed {
            self.changed();
        }
    }

    fn changed(&self) {
        self.0.version.fetch_add(2, Ordering::AcqRel);
        self.0.changed.notify_waiters();
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.version.fetch_or(CLOSED, Ordering::AcqRel);
        self.0.changed.notify_waiters();
    }
}

impl<T> Receiver<T> {
    /// The value. Nobody can set it while this is held.
    pub fn borrow(&self) -> RwLockReadGuard<'_, T> {
        self.shared.value.read()
    }

    /// The value, which then counts as seen. Nobody can set it while this is held.
    pub fn borrow_and_update(&mut self) -> RwLockReadGuard<'_, T> {
        self.mark_unchanged();
        self.shared.value.read()
    }

    /// Counts the value as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version.load(Ordering::Acquire) & !CLOSED;
    }

    /// Waits until the value is another one than was seen last, and counts it as seen. Can be dropped and begun again at any time.
    ///
    /// # Errors
    /// When the sender is gone and its last value was seen.
    pub async fn changed(&mut self) -> Result<(), Closed> {
        loop {
            // It hears of all that happens from here on, before it waits, too.
            let notified = self.shared.changed.notified();
            let version = self.shared.version.load(Ordering::Acquire);
            if version & !CLOSED != self.seen {
                self.seen = version & !CLOSED;
                return Ok(());
            }
            if version & CLOSED != 0 {
                return Err(Closed);
            }
            notified.await;
        }
    }

    /// Waits until the value is as asked, now or later.
    ///
    /// # Errors
    /// When the sender is gone and its last value was not so.
    pub async fn wait_for(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Result<(), Closed> {
        loop {
            if wanted(&self.borrow_and_update()) {
                return Ok(());
            }
            self.changed().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tokio::task::{JoinSet, yield_now};

    use super::{Closed, Sender};

    #[tokio::test]
    async fn all_are_woken_in_the_order_in_which_they_came() {
        let sender = Sender::new(0);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for task in 0..40 {
            let (mut receiver, order) = (sender.subscribe(), Arc::clone(&order));
            tasks.spawn(async move {
                while receiver.changed().await.is_ok() {
                    order.lock().push(task);
                }
            });
        }
        for _ in 0..3 {
            yield_now().await;
            sender.send_replace(1);
            yield_now().await;
            assert_eq!(std::mem::take(&mut *order.lock()), (0..40).collect::<Vec<_>>());
        }
        drop(sender);
        tasks.join_all().await;
    }

    #[tokio::test]
    async fn what_came_before_the_wait_or_the_end_is_seen() {
        let sender = Sender::new(0);
        let mut receiver = sender.subscribe();
        sender.send_modify(|value| *value += 1);
        assert_eq!((receiver.changed().await, *receiver.borrow()), (Ok(()), 1));
        sender.send_if_modified(|_| false);
        sender.send_if_modified(|value| {
            *value += 1;
            true
        });
        assert_eq!((receiver.wait_for(|value| *value == 2).await, *receiver.borrow()), (Ok(()), 2));
        sender.send_replace(3);
        drop(sender);
        let mut late = receiver.clone();
        assert_eq!((receiver.changed().await, receiver.changed().await), (Ok(()), Err(Closed)));
        assert_eq!(
            (late.wait_for(|value| *value == 3).await, late.wait_for(|value| *value == 4).await),
            (Ok(()), Err(Closed))
        );
    }

    #[tokio::test]
    async fn what_was_marked_as_seen_is_not_waited_for() {
        let sender = Sender::new("old");
        let mut receiver = sender.subscribe();
        sender.send_replace("new");
        receiver.mark_unchanged();
        drop(sender);
        assert_eq!((receiver.changed().await, *receiver.borrow()), (Err(Closed), "new"));
    }
}
