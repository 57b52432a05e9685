//! What threads take turns with: as many as can be opened, at least one.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Things that no thread is using.
pub(super) struct Pool<T> {
    idle: Mutex<Vec<T>>,
    returned: Condvar,
}

/// One of them, for one thread alone; goes back when dropped, after a panic too.
pub(super) struct Taken<'a, T> {
    pool: &'a Pool<T>,
    inner: Option<T>,
}

impl<T> Pool<T> {
    /// A pool of one.
    pub(super) fn of(first: T) -> Self {
        Self { idle: Mutex::new(vec![first]), returned: Condvar::new() }
    }

    /// An idle one, else a new one; where none can be opened, for want of memory perhaps, the next that another thread gives back.
    pub(super) fn take(&self, open: impl FnOnce() -> Option<T>) -> Taken<'_, T> {
        let idle = self.lock().pop();
        let inner = idle.or_else(open).unwrap_or_else(|| {
            let mut idle = self.lock();
            loop {
                match idle.pop() {
                    Some(inner) => return inner,
                    None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
                }
            }
        });
        Taken { pool: self, inner: Some(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("taken until dropped")
    }
}

impl<T> DerefMut for Taken<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("taken until dropped")
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        self.pool.lock().extend(self.inner.take());
        self.pool.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_the_only_one_and_never_at_once() {
        let pool = Pool::of(0_u32);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let mut count = pool.take(|| None);
                        let before = *count;
                        std::thread::yield_now();
                        *count = before + 1;
                    }
                });
            }
        });
        assert_eq!(*pool.take(|| None), 2000);
    }

    #[test]
    fn a_second_one_is_opened_while_the_first_is_away_and_both_are_kept() {
        let pool = Pool::of(1);
        {
            let (first, second) = (pool.take(|| None), pool.take(|| Some(2)));
            assert_eq!((*first, *second), (1, 2));
        }
        assert_eq!(pool.lock().len(), 2);
    }

    #[test]
    fn one_comes_back_from_a_thread_that_panicked() {
        let pool = Pool::of(7);
        let lost = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _taken = pool.take(|| None);
            panic!("on purpose");
        }));
        assert!(lost.is_err());
        assert_eq!(*pool.take(|| None), 7);
    }
}
