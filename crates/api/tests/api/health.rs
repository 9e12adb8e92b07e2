//! The health check.

use sanad_api::Serving;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::network::{Network, soon};

#[tokio::test]
async fn the_node_says_whether_it_serves() {
    let network = Network::start().await;
    let mut client = HealthClient::new(network.channel().await);
    let services = ["", "sanad.v1.LedgerService", "sanad.v1.SubmissionService", "sanad.v1.NodeService"];
    for (serving, expected) in [
        (Serving::No, ServingStatus::NotServing),
        (Serving::Yes, ServingStatus::Serving),
        (Serving::No, ServingStatus::NotServing),
    ] {
        network.health.set(serving);
        for service in services {
            let request = HealthCheckRequest { service: service.to_owned() };
            soon(async {
                while client.check(request.clone()).await.unwrap().into_inner().status() != expected {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
    }
    // An old head keeps nobody from reading.
    network.health.set(Serving::Reads);
    for (service, expected) in services.into_iter().zip([
        ServingStatus::NotServing,
        ServingStatus::Serving,
        ServingStatus::NotServing,
        ServingStatus::Serving,
    ]) {
        let request = HealthCheckRequest { service: service.to_owned() };
        soon(async {
            while client.check(request.clone()).await.unwrap().into_inner().status() != expected {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let request = HealthCheckRequest { service: "sanad.v1.Other".to_owned() };
    assert_eq!(client.check(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_watcher_hears_of_the_shutdown_and_does_not_hold_it_up() {
    let network = Network::start().await;
    network.health.set(Serving::Yes);
    let (health, mut client) = (network.health.clone(), HealthClient::new(network.channel().await));
    let mut watch = client.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let mut last = soon(watch.message()).await.unwrap().unwrap().status();
    while last != ServingStatus::Serving {
        last = soon(watch.message()).await.unwrap().unwrap().status();
    }
    let server = network.stop();
    assert_eq!(soon(watch.message()).await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert!(!matches!(soon(watch.message()).await, Ok(Some(_))));
    soon(server).await.unwrap().unwrap();
    assert_eq!(health.serving(), Serving::No);
}
