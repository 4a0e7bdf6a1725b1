//! Whole lists, page by page.

use identity::errors::IdentityError;
use identity::pages::Page;

/// Every record of a list.
pub(super) async fn every<T, C, F>(page: impl Fn(Option<C>) -> F) -> Result<Vec<T>, IdentityError>
where
    F: Future<Output = Result<Page<T, C>, IdentityError>>,
{
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = page(after).await?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(items);
        }
    }
}
