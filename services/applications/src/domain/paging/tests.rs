use proptest::prelude::*;
use rstest::rstest;

use super::{PageRequest, Sort};
use crate::domain::sort::{Direction, Order, Property};

fn shown(sort: &Sort) -> String {
    let orders = sort.orders().iter().map(|order| {
        let direction = if order.direction == Direction::Asc { "ASC" } else { "DESC" };
        format!(
            "{} {direction}{}",
            order.property.as_str(),
            if order.ignore_case { " ignoring case" } else { "" }
        )
    });
    orders.collect::<Vec<_>>().join(", ")
}

/// §5, the table of `sort`.
#[rstest]
#[case::none("", "createdAt DESC")]
#[case::one("sort=type", "type ASC")]
#[case::down("sort=type,desc", "type DESC")]
#[case::two("sort=type,id,desc", "type DESC, id DESC")]
#[case::repeated("sort=type,desc&sort=id", "type DESC, id ASC")]
#[case::ignore_case("sort=id,DESC,IgnoreCase", "id DESC ignoring case")]
#[case::only_direction("sort=desc", "createdAt DESC")]
#[case::empty("sort=", "createdAt DESC")]
#[case::comma("sort=,", "createdAt DESC")]
#[case::encoded("sort=type%2Cdesc", "type DESC")]
#[case::partly_empty("sort=&sort=id", "id ASC")]
#[case::twice("sort=id&sort=id,desc", "id ASC, id DESC")]
#[case::compact("pageable=page,0,size,1,sort,type,desc", "type DESC")]
#[case::sample("pageable=page,0,size,1,sort,string", "createdAt DESC")]
#[case::compact_partly_unknown("pageable=sort,string,type,config,desc,ignorecase", "type DESC ignoring case")]
#[case::overridden("pageable=sort,type&sort=id", "id ASC")]
#[case::overridden_by_nothing("pageable=sort,type&sort=", "createdAt DESC")]
#[case::encoded_compact("pageable=page%2C0%2Csort%2Cid", "id ASC")]
fn the_order(#[case] query: &str, #[case] expected: &str) {
    assert_eq!(shown(PageRequest::parse(query).unwrap().sort()), expected);
}

#[rstest]
#[case::sideways("sort=createdAt,sideways", "sideways")]
#[case::config("sort=config", "config")]
#[case::path("sort=config.serviceParameters.clientSecret", "config.serviceParameters.clientSecret")]
#[case::case_matters("sort=CreatedAt", "CreatedAt")]
#[case::column("sort=created_at", "created_at")]
#[case::second("sort=id&sort=x,desc", "x")]
#[case::sql("sort=id;DROP TABLE applications,desc", "id;DROP TABLE applications")]
fn an_unknown_property_is_named(#[case] query: &str, #[case] name: &str) {
    let said = PageRequest::parse(query).unwrap_err().to_string();
    assert_eq!(said, format!("No property '{name}' found for type 'Application'"));
}

/// §5: page and size never produce an error.
#[rstest]
#[case::none("", 0, 20)]
#[case::both("page=2&size=5", 2, 5)]
#[case::blank("page=&size=%20", 0, 20)]
#[case::text("page=x&size=1.5", 0, 20)]
#[case::negative("page=-1&size=-1", 0, 20)]
#[case::zero("size=0", 0, 20)]
#[case::large("size=2001", 0, 2000)]
#[case::largest("page=2147483647&size=2000", i32::MAX, 2000)]
#[case::too_large("page=2147483648&size=2147483648", 0, 20)]
#[case::plus("page=%2B3&size=+3", 3, 20)]
#[case::first_of_a_name("page=1&page=2", 1, 20)]
#[case::compact("pageable=page,3,size,7", 3, 7)]
#[case::sample("pageable=page,0,size,1,sort,string", 0, 1)]
#[case::overridden("pageable=page,3,size,7&size=9", 3, 9)]
#[case::not_overridden_by_blank("page=&pageable=page,3", 3, 20)]
#[case::overridden_by_nonsense("page=x&pageable=page,3", 0, 20)]
#[case::compact_nonsense("pageable=page,x,size,-4", 0, 20)]
#[case::compact_large("pageable=size,5000", 0, 2000)]
#[case::not_utf_8("page=%ff&size=%fe", 0, 20)]
#[case::other_names("Page=4&pagesize=4&page.size=4", 0, 20)]
fn the_page(#[case] query: &str, #[case] number: i32, #[case] size: i32) {
    let page = PageRequest::parse(query).unwrap();
    assert_eq!((page.number(), page.size()), (number, size));
    assert_eq!(page.offset(), i64::from(number) * i64::from(size));
}

#[rstest]
#[case(0, 0)]
#[case(1, 1)]
#[case(20, 1)]
#[case(21, 2)]
#[case(i64::MAX, i32::MAX)]
fn pages_of_twenty(#[case] items: i64, #[case] pages: i32) {
    assert_eq!(PageRequest::parse("").unwrap().total_pages(items), pages);
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let property = prop::sample::select(Property::ALL.to_vec());
    let direction = prop::sample::select(vec![Direction::Asc, Direction::Desc]);
    let order = (property, direction, any::<bool>());
    let order =
        order.prop_map(|(property, direction, ignore_case)| Order { property, direction, ignore_case });
    prop::collection::vec(order, 1..30)
}

fn written(order: Order) -> String {
    let direction = if order.direction == Direction::Asc { "asc" } else { "desc" };
    format!("{},{direction}{}", order.property.as_str(), if order.ignore_case { ",ignorecase" } else { "" })
}

proptest! {
    /// Both spellings of one wish are one request.
    #[test]
    fn both_spellings_agree(number in 0..i32::MAX, size in 1..=2000_i32, orders in orders()) {
        let sorts: Vec<_> = orders.iter().map(|order| format!("sort={}", written(*order))).collect();
        let plain = format!("page={number}&size={size}&{}", sorts.join("&"));
        let sorts: Vec<_> = orders.iter().map(|order| format!("sort,{}", written(*order))).collect();
        let compact = format!("pageable={},page,{number},size,{size}", sorts.join(","));
        let plain = PageRequest::parse(&plain).unwrap();
        prop_assert_eq!(plain.sort().orders(), &orders);
        prop_assert_eq!((plain.number(), plain.size()), (number, size));
        prop_assert_eq!(PageRequest::parse(&compact).unwrap(), plain);
    }

    /// Nothing but an unknown property in a parameter `sort` is an error, and everything is within its bounds.
    #[test]
    fn whatever_is_sent_is_within_bounds(query in "(page|size|sort|pageable|x)=[-+0-9a-zA-Z,.%& =]{0,40}") {
        match PageRequest::parse(&query) {
            Ok(page) => {
                prop_assert!(page.number() >= 0 && (1..=2000).contains(&page.size()));
                prop_assert!(!page.sort().orders().is_empty() && page.sort().deciding().len() <= 20);
            }
            Err(_) => prop_assert!(query.contains("sort=")),
        }
    }

    /// The compact spelling is never refused.
    #[test]
    fn the_compact_spelling_is_never_refused(value in "((page|size|sort|id|desc|config|-?[0-9]{1,12}),){0,20}.{0,5}") {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("pageable", &value).finish();
        prop_assert!(PageRequest::parse(&query).is_ok(), "{}", query);
    }

    /// What is left out decides nothing: lists sorted by all criteria and by the deciding ones are the same.
    #[test]
    fn what_does_not_decide_is_left_out(orders in orders(), items in prop::collection::vec("[aAbB]{1,2}", 0..6)) {
        let sort = Sort::of(orders);
        let compare = |orders: &[Order], a: &String, b: &String| {
            orders.iter().fold(std::cmp::Ordering::Equal, |so_far, order| {
                // Each property is its own place in the text, so that criteria are independent.
                let key = |text: &String| {
                    let letter = text.chars().nth(order.property as usize % 2).unwrap_or('c');
                    if order.ignore_case { letter.to_ascii_lowercase() } else { letter }
                };
                let ordering = key(a).cmp(&key(b));
                so_far.then(if order.direction == Direction::Asc { ordering } else { ordering.reverse() })
            })
        };
        let (mut all, mut deciding) = (items.clone(), items);
        all.sort_by(|a, b| compare(sort.orders(), a, b));
        deciding.sort_by(|a, b| compare(&sort.deciding(), a, b));
        prop_assert_eq!(all, deciding);
    }
}
