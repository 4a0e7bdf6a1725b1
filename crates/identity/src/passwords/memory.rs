//! The memory in which hashes are computed.

use std::hint::black_box;

use argon2::Block;

/// glibc serves requests above 32 MiB by `mmap` and gives them back on `free`; below that its threshold adapts and
/// the arena of every hashing thread would keep its blocks for ever. Pages never touched cost nothing.
const RESERVED_KIB: usize = 33 * 1024;

/// Blocks for one hash after the other: to fetch them anew from the operating system takes a third of the time of the hash
/// itself, which is spent on page faults.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Lends so many blocks of 1 KiB, and wipes them afterwards: what is left of a hash in them is worth guessing against.
    pub(super) fn lend<T>(&mut self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        if self.0.len() < blocks {
            self.0 = Vec::with_capacity(blocks.max(RESERVED_KIB));
            self.0.resize(blocks, Block::default());
        }
        let lent = &mut self.0[..blocks];
        let outcome = work(lent);
        lent.fill(Block::default());
        // Whether anybody reads them again is nothing that the compiler may reckon with.
        black_box(lent);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wiped(blocks: &[Block]) -> bool {
        blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn nothing_is_left_of_what_was_computed_before() {
        let mut memory = Memory::default();
        for blocks in [8, 16, 4, 16] {
            memory.lend(blocks, |lent| {
                assert_eq!(lent.len(), blocks);
                assert!(is_wiped(lent), "{blocks}");
                for block in lent {
                    block.as_mut().fill(7);
                }
            });
            assert!(is_wiped(&memory.0), "{blocks}");
        }
    }

    #[test]
    fn it_is_kept_for_the_next_one() {
        let mut memory = Memory::default();
        let place = |blocks: &mut [Block]| blocks.as_ptr();
        let first = memory.lend(16, place);
        assert_eq!([memory.lend(8, place), memory.lend(16, place)], [first; 2]);
    }
}
