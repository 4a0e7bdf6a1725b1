//! Pages against a model: the same lists, filtered and sorted in memory.

use std::cmp::Ordering;

use applications::domain::access::Listing;
use applications::domain::application::{Application, Kind};
use applications::domain::sort::{Direction, Order, Property, Sort};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;

use crate::support::{Backend, Service, application, start};

const ORGANIZATIONS: [&str; 7] = ["org", "Org", "ORG-2", "été", "Été", "_", "a b"];

/// Applications of which many are alike in each property, and few in all.
fn applications() -> Vec<Application> {
    let id = |number: usize| match number % 3 {
        0 => format!("app-{number}"),
        1 => format!("App-{}", number - 1),
        _ => format!("APP_{number}"),
    };
    let of = |number: usize| {
        let n = i64::try_from(number).unwrap();
        let created_at = start() + TimeDelta::microseconds([0, 1, 1_000, 250_000, 1_000_000][number % 5]);
        Application {
            kind: [Kind::Test, Kind::SetupTest, Kind::TalkdeskOpenid][number % 3],
            version: n % 4,
            created_at,
            modified_at: created_at + TimeDelta::seconds(n % 2),
            visible: number % 7 < 4,
            disabled: number.is_multiple_of(2),
            expires_at: (!number.is_multiple_of(3)).then(|| start() + TimeDelta::milliseconds(n % 11)),
            anonymous_registration_enabled: number % 13 < 6,
            ..application(&id(number), ORGANIZATIONS[number * number % 7])
        }
    };
    (0..90).map(of).collect()
}

fn compare(one: &Application, other: &Application, order: Order) -> Ordering {
    let text = |one: &str, other: &str| {
        let folded = |text: &str| if order.ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
        folded(one).cmp(&folded(other))
    };
    let ordering = match order.property {
        Property::Id => text(one.id.as_str(), other.id.as_str()),
        Property::OrganizationId => text(one.organization_id.as_str(), other.organization_id.as_str()),
        Property::Type => text(one.kind.as_str(), other.kind.as_str()),
        Property::Version => one.version.cmp(&other.version),
        Property::CreatedAt => one.created_at.cmp(&other.created_at),
        Property::ModifiedAt => one.modified_at.cmp(&other.modified_at),
        Property::Visible => one.visible.cmp(&other.visible),
        Property::Disabled => one.disabled.cmp(&other.disabled),
        Property::AnonymousRegistrationEnabled => {
            one.anonymous_registration_enabled.cmp(&other.anonymous_registration_enabled)
        }
        Property::ExpiresAt => match (one.expires_at, other.expires_at) {
            (Some(one), Some(other)) => one.cmp(&other),
            // Last, whichever way.
            (one, other) => return one.is_none().cmp(&other.is_none()),
        },
    };
    if order.direction == Direction::Desc { ordering.reverse() } else { ordering }
}

fn model(all: &[Application], listing: &Listing, sort: &Sort) -> Vec<Application> {
    let mut list: Vec<_> = all.iter().filter(|application| listing.holds(application)).cloned().collect();
    list.sort_by(|one, other| {
        let asked = sort.orders().iter().map(|order| compare(one, other, *order));
        let ties = other.created_at.cmp(&one.created_at).then_with(|| one.id.as_str().cmp(other.id.as_str()));
        asked.fold(Ordering::Equal, Ordering::then).then(ties)
    });
    list
}

fn listings() -> impl Strategy<Value = Listing> {
    let organization = || {
        let known = prop::sample::select(ORGANIZATIONS.to_vec());
        prop_oneof![9 => known, 1 => Just("nobody's")].prop_map(|name| name.parse().unwrap())
    };
    prop_oneof![
        2 => Just(Listing::Everything),
        2 => Just(Listing::Visible),
        2 => organization().prop_map(Listing::VisibleAndAllOf),
        2 => organization().prop_map(Listing::AllOf),
        2 => organization().prop_map(Listing::VisibleOf),
        1 => Just(Listing::Nothing),
    ]
}

fn sorts() -> impl Strategy<Value = Sort> {
    let directions = prop::sample::select(vec![Direction::Asc, Direction::Desc]);
    let order = (prop::sample::select(Property::ALL.to_vec()), directions, any::<bool>());
    let order =
        order.prop_map(|(property, direction, ignore_case)| Order { property, direction, ignore_case });
    prop::collection::vec(order, 0..5).prop_map(Sort::of)
}

/// The pages of a list, one after another, are the list.
#[rstest]
fn pages_are_those_of_the_model(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = applications();
    let service = runtime.block_on(async {
        let service = Service::on(backend).await;
        for application in &all {
            service.create(application.clone()).await;
        }
        service
    });
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let cases = (listings(), sorts(), 1..40_usize);
    let outcome = TestRunner::new(config).run(&cases, |(listing, sort, size)| {
        let expected = model(&all, &listing, &sort);
        let (total, mut offset) = (i64::try_from(expected.len()).unwrap(), 0);
        loop {
            let limit = i64::try_from(size).unwrap();
            let from = i64::try_from(offset).unwrap();
            let page = service.app().page(listing.clone(), sort.clone(), from, limit);
            let page = runtime.block_on(page).unwrap();
            let end = (offset + size).min(expected.len());
            prop_assert_eq!(page.total, total);
            prop_assert_eq!(&page.items, &expected[offset.min(end)..end]);
            if offset >= expected.len() {
                return Ok(());
            }
            offset += size;
        }
    });
    outcome.unwrap();
}

/// The farthest page that can be asked for is empty, and knows how many there are.
#[rstest]
#[actix_web::test]
async fn behind_the_end_there_is_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.create(application("a", "o")).await;
    for offset in [1, 2, i64::from(i32::MAX) * 2000, i64::MAX] {
        let page = service.app().page(Listing::Everything, Sort::default(), offset, 2000).await.unwrap();
        assert_eq!((page.items, page.total), (vec![], 1), "{offset}");
    }
}
