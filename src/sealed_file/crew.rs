//! Many leaves on all cores: threads work on parts of a document, and what they make is taken in order. A small file starts no thread.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use crate::guard;

/// With fewer than these a thread costs more than it saves: with 10,000 a millisecond of 9 at best, for 2 to 3 of CPU.
const FEW: usize = 16_384;
/// So many at once: their tokens stay in the nearest caches until they are taken.
const PART: usize = 1_024;
/// More threads than these have nothing left to share.
const MOST_THREADS: usize = 8;

/// How many threads that many leaves are worth; one is the caller itself.
pub(super) fn threads(leaves: usize) -> usize {
    if leaves < FEW {
        return 1;
    }
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS)
}

/// Does `work` on the numbers below `count`, a part at a time, and shows what comes out to `take`, in order, on this thread. What was taken is worked
/// into again: fresh memory costs more than most work. For so many of them there is `hard` work, and threads.
///
/// # Errors
/// The first one of `take`, which then gets nothing more.
pub(super) fn in_parts<T: Default + Send, E>(
    count: usize,
    hard: usize,
    work: impl Fn(Range<usize>, &mut T) + Sync,
    mut take: impl FnMut(&mut T) -> Result<(), E>,
) -> Result<(), E> {
    let parts = count.div_ceil(PART);
    let part = |number: usize| number * PART..count.min((number + 1) * PART);
    let threads = threads(hard);
    if threads == 1 {
        let mut result = T::default();
        return (0..parts).try_for_each(|number| {
            work(part(number), &mut result);
            take(&mut result)
        });
    }
    let next = AtomicUsize::new(0);
    let begin = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < parts);
    let spare = Mutex::new(Vec::new());
    let finish = |number: usize| {
        let mut result: T = spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default();
        work(part(number), &mut result);
        (number, result)
    };
    // Who runs ahead waits: parts that are not taken yet hold plaintext and take room.
    let (done, results) = mpsc::sync_channel(4 * threads);
    let share = |done: mpsc::SyncSender<(usize, T)>| {
        while let Some(number) = begin() {
            // Nobody takes it: there was an error.
            if done.send(finish(number)).is_err() {
                break;
            }
        }
        guard::wipe_stack(false);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            let done = done.clone();
            scope.spawn(move || share(done));
        }
        // Only theirs are left: if one panics, nobody waits for it.
        drop(done);
        // In here, so that an error drops it, and no thread waits for it to be read.
        let results = results;
        let mut waiting = BTreeMap::new();
        for wanted in 0..parts {
            let mut result = loop {
                waiting.extend(results.try_iter());
                if let Some(result) = waiting.remove(&wanted) {
                    break result;
                }
                // Work rather than wait.
                let (number, result) = match begin() {
                    Some(number) => finish(number),
                    None => results.recv().expect("a thread that works sends what comes out"),
                };
                waiting.insert(number, result);
            };
            take(&mut result)?;
            spare.lock().map(|mut spare| spare.push(result)).ok();
        }
        Ok(())
    })
}

/// Both, at once where there are leaves enough: the first on a thread of its own.
pub(super) fn both<A: Send, B>(leaves: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if threads(leaves) == 1 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(|| wiped(one));
        let other = other();
        (joined(one), other)
    })
}

/// What a thread computes, and nothing left of it on its stack.
pub(super) fn wiped<T>(compute: impl FnOnce() -> T) -> T {
    let result = compute();
    guard::wipe_stack(false);
    result
}

/// What a thread came to; its panic is ours.
pub(super) fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_in_order() {
        for count in [0, 1, PART, PART + 1, FEW - 1, FEW, 10 * FEW + 7] {
            let mut seen = Vec::new();
            let taken: Result<(), ()> = in_parts(
                count,
                count,
                |range, numbers: &mut Vec<usize>| {
                    assert!(numbers.is_empty());
                    numbers.extend(range);
                },
                |numbers| {
                    seen.append(numbers);
                    Ok(())
                },
            );
            assert!(taken.is_ok() && seen.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut last = 0;
        let taken = in_parts(
            100 * FEW,
            100 * FEW,
            |range, start| *start = range.start,
            |&mut start: &mut usize| {
                last = start;
                if start >= FEW { Err(start) } else { Ok(()) }
            },
        );
        assert_eq!(taken, Err(last));
        assert!(last < FEW + PART);
    }
}
