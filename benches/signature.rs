//! What a signature costs: each scheme and its verification, over a small and a large body.
//! Sends nothing.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringback::domain::Secret;
use ringback::webhook::signature::{
    Ed25519Key, Received, TOLERANCE, hopx, standard, verify_standard,
};

const ID: &str = "evt_0197f1c3a7b27d1e8f0a4b5c6d7e8f90";
const NOW: i64 = 1_750_000_000;

fn signature(criterion: &mut Criterion) {
    let encoded = Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    let plain = Secret::new("your-secret-key");
    let key = Ed25519Key::generate().expect("the system has randomness");
    let key = Ed25519Key::from_text(&key).expect("it was made just now");
    for (size, bytes) in [("1 KiB", 1024), ("64 KiB", 64 * 1024)] {
        let body = vec![b'x'; bytes];
        let timestamp = NOW.to_string();
        let signed = standard(&encoded, ID, NOW, &body).expect("the secret is a good one");
        let received = Received { id: ID, timestamp: &timestamp, signature: &signed, body: &body };

        let mut group = criterion.benchmark_group("signature");
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::new("sign standard", size), &body, |bench, body| {
            bench.iter(|| standard(&encoded, ID, NOW, black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("sign hopx", size), &body, |bench, body| {
            bench.iter(|| hopx(&plain, black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("sign ed25519", size), &body, |bench, body| {
            bench.iter(|| key.sign(ID, NOW, black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("verify", size), &received, |bench, received| {
            bench.iter(|| verify_standard(&encoded, *black_box(received), NOW, TOLERANCE));
        });
        group.finish();
    }
}

criterion_group!(benches, signature);
criterion_main!(benches);
