import time, asyncio
from tests.bot import updates
async def test_burst(bots, shops, make_phone, bare, units):
    shop = await shops.open()
    phone = await make_phone(shop); await phone.text("/start"); await phone.expect("Hi")
    n=3000
    for i in range(0,n,100):
        await bots.crew.inbox.store(shop.bot_id,[updates.message(10**8+j, sticker=updates.sticker()) for j in range(i,i+100)])
    t=time.time()
    for _ in range(20):
        await asyncio.sleep(2)
        left=await bots.crew.inbox.backlog(); print(round(time.time()-t,1), left)
        if not left: break
    print(await bare.fetch("explain analyze SELECT o.bot_id, o.update_id FROM telegram_updates o WHERE o.bot_id = $1 AND o.done_at IS NULL AND o.failed_at IS NULL AND (o.lease_until IS NULL OR o.lease_until <= now()) AND NOT EXISTS (SELECT 1 FROM telegram_updates e WHERE e.bot_id = o.bot_id AND e.person_id = o.person_id AND e.update_id < o.update_id AND e.done_at IS NULL AND e.failed_at IS NULL) ORDER BY o.update_id LIMIT 4", shop.bot_id))
