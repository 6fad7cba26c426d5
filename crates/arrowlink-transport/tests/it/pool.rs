//! Blocks: their place and size, when they are used again, and when they are freed.

use std::time::{Duration, Instant};

use arrow_buffer::Buffer;
use arrowlink_transport::{BlockPool, PoolUsage};

/// Blocks and bytes in use, then idle.
fn usage(pool: &BlockPool) -> [usize; 4] {
    let PoolUsage { in_use_blocks, in_use_bytes, idle_blocks, idle_bytes, .. } = pool.usage();
    [in_use_blocks, in_use_bytes, idle_blocks, idle_bytes]
}

fn place(buffer: &Buffer) -> usize {
    buffer.as_ptr().addr()
}

#[test]
fn blocks_are_aligned_and_waste_little() {
    let pool = BlockPool::new(0);
    for bytes in [4097, 5000, 6144, 6145, 8192, 8193, 65_536, 65_537, 100_000, 3 << 20, (4 << 20) + 1] {
        let input: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let copy = pool.copy_of(&input);
        assert_eq!(copy.as_slice(), input);
        assert_eq!(place(&copy) % 64, 0);
        let [blocks, size, ..] = usage(&pool);
        assert_eq!(blocks, 1);
        assert!(bytes <= size && size <= bytes * 3 / 2, "{size} bytes for {bytes}");
    }
}

#[test]
fn tiny_copies_are_no_blocks() {
    let pool = BlockPool::default();
    for bytes in [0, 1, 4096] {
        let copy = pool.copy_of(&vec![7; bytes]);
        assert_eq!(copy.as_slice(), vec![7; bytes]);
        assert!(bytes == 0 || place(&copy).is_multiple_of(64));
        assert!(!pool.owns(&copy));
    }
    assert_eq!(usage(&pool), [0; 4]);
}

#[test]
fn a_block_is_used_again_after_its_last_slice() {
    let pool = BlockPool::default();
    let copy = pool.copy_of(&[7; 10_000]);
    let (began, slice) = (place(&copy), copy.slice_with_length(5000, 10));
    drop(copy);
    assert_eq!(usage(&pool), [1, 10_240, 0, 0]);
    assert!(pool.owns(&slice));
    assert_ne!(place(&pool.copy_of(&[8; 10_000])), began);
    assert_eq!(slice.as_slice(), [7; 10]);
    let idle = usage(&pool)[2];
    drop(slice);
    assert_eq!(usage(&pool)[2], idle + 1);
    assert_eq!(place(&pool.copy_of(&[9; 8200])), began, "the last that came is taken first");
}

#[test]
fn owns_no_more_than_its_blocks_in_use() {
    let (pool, other) = (BlockPool::default(), BlockPool::default());
    let copy = pool.copy_of(&[7; 6144]);
    assert!(pool.owns(&copy) && pool.owns(&copy[6143..]) && pool.clone().owns(&copy[..1]));
    assert!(!other.owns(&copy));
    let elsewhere = other.copy_of(&copy);
    assert!(!pool.owns(&elsewhere));
    assert!(!pool.owns(&[]));
}

#[test]
fn a_block_is_not_wasted_on_little() {
    let pool = BlockPool::default();
    drop(pool.copy_of(&[7; 1 << 20]));
    let small = pool.copy_of(&[7; 5000]);
    assert_eq!(usage(&pool), [1, 5120, 1, 1 << 20]);
    drop(small);
    drop(pool.copy_of(&[7; 690_000]));
    assert_eq!(usage(&pool), [0, 0, 3, 5120 + 720_896 + (1 << 20)]);
    drop(pool.copy_of(&[7; 850_000]));
    assert_eq!(usage(&pool), [0, 0, 3, 5120 + 720_896 + (1 << 20)], "a quarter more is the most");
}

#[test]
fn keeps_what_was_used_last_up_to_its_cap() {
    let pool = BlockPool::new(100_000);
    let sizes = [8192, 16_384, 32_768, 65_536];
    let copies = sizes.map(|size| pool.copy_of(&vec![7; size]));
    for copy in copies {
        drop(copy);
    }
    assert_eq!(usage(&pool), [0, 0, 2, 32_768 + 65_536]);
    drop(pool.copy_of(&[7; 200_000]));
    assert_eq!(usage(&pool), [0, 0, 2, 32_768 + 65_536], "what never fits frees nothing");
}

#[test]
fn what_is_more_than_its_cap_lingers() {
    let pool = BlockPool::lingering(10_000, Duration::MAX);
    let copies = [pool.copy_of(&[7; 8192]), pool.copy_of(&[7; 1 << 20])];
    let places = copies.each_ref().map(place);
    drop(copies);
    assert_eq!(usage(&pool), [0, 0, 2, 8192 + (1 << 20)]);
    assert_eq!([pool.copy_of(&[8; 8192]), pool.copy_of(&[8; 1 << 20])].each_ref().map(place), places);
}

#[test]
fn what_lingered_is_freed_though_nothing_else_happens() {
    let pool = BlockPool::lingering(10_000, Duration::from_millis(1));
    for _ in 0..2 {
        drop([pool.copy_of(&[7; 1 << 20]), pool.copy_of(&[7; 2 << 20]), pool.copy_of(&[7; 8192])]);
        let begun = Instant::now();
        while pool.usage().idle_bytes > 10_000 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        assert_eq!(usage(&pool), [0, 0, 1, 8192], "what came last stays");
    }
}

#[test]
fn blocks_outlive_their_pool() {
    let pool = BlockPool::default();
    let copy = pool.copy_of(&[7; 10_000]);
    drop(pool);
    assert_eq!(copy.as_slice(), [7; 10_000]);
}

#[test]
fn threads_share_a_pool() {
    let pool = BlockPool::new(1 << 20);
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let pool = pool.clone();
            scope.spawn(move || {
                for round in 0..200_usize {
                    let input = vec![thread; 5000 + 977 * (round % 13)];
                    let copies = [pool.copy_of(&input), pool.copy_of(&input)];
                    assert!(copies.iter().all(|copy| pool.owns(copy) && copy.as_slice() == input));
                }
            });
        }
    });
    let [in_use, in_use_bytes, idle, idle_bytes] = usage(&pool);
    assert_eq!((in_use, in_use_bytes), (0, 0));
    assert!(idle > 0 && idle_bytes <= 1 << 20);
}

#[test]
fn shows_what_it_holds() {
    let pool = BlockPool::default();
    let _copy = pool.copy_of(&[7; 10_000]);
    expect_test::expect![
        "BlockPool(PoolUsage { in_use_blocks: 1, in_use_bytes: 10240, idle_blocks: 0, idle_bytes: 0 })"
    ]
    .assert_eq(&format!("{pool:?}"));
}
