//! Sends a page.

use super::{
    error::AlertError, formats::render, page::Page, settings::AlertSettings, world::AlertWorld,
};

pub(super) async fn publish<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    page: &Page,
) -> Result<(), AlertError> {
    Ok(world.page(&render(page, settings)).await?)
}
