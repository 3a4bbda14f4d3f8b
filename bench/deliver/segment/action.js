// Segment's action `triggerCampaign`, driven by lines of JSON: subscription, mapping, validation and one request an event.
// Run in the folder that its packages are installed in: node action.js BRAZE_URL, one event on the first line.
const readline = require('readline')
const at = (name) => require(require.resolve(name, { paths: [process.cwd()] }))
const { Destination } = at('@segment/actions-core')
const braze = at('@segment/action-destinations/dist/destinations/braze').default

const endpoint = process.argv[2]
braze.authentication.fields.endpoint.choices.push({ label: 'this machine', value: endpoint })
const destination = new Destination(braze)

const path = (name) => ({ '@path': `$.properties.${name}` })
const own = (name) => ({ '@path': `$.${name}` })
const properties = {
  first_name: { '@if': { exists: path('customer.first_name'), then: path('customer.first_name'), else: 'there' } },
  order_id: path('id'),
  order_name: path('name'),
  total_price: path('total_price'),
  currency: path('currency'),
  city: path('shipping_address.city'),
  country: path('shipping_address.country_code'),
  zip: path('shipping_address.zip'),
  discount_code: path('discount_codes[0].code'),
  first_item: path('line_items[0].title'),
  status_url: path('order_status_url'),
  created_at: path('created_at'),
  items: {
    '@arrayPath': [path('line_items'), { title: own('title'), sku: own('sku'), quantity: own('quantity'), price: own('price') }]
  }
}
const recipient = {
  external_user_id: { '@template': 'shopify_{{properties.customer.id}}' },
  send_to_existing_only: false,
  attributes: { email: { '@case': { operator: 'lower', value: path('customer.email') } } },
  trigger_properties: properties
}
const mapping = { campaign_id: 'a-campaign', recipients: [recipient] }
const subscription = { subscribe: 'type = "track"', partnerAction: 'triggerCampaign', mapping, enabled: true }
const settings = { api_key: 'a-key', endpoint, subscriptions: [subscription] }

async function send(event, count, together) {
  let left = count
  const one = async () => {
    while (left-- > 0) await destination.onEvent(event, settings)
  }
  await Promise.all(Array.from({ length: together }, one))
}

async function main() {
  let event
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line)
    if (task.do === 'begin') {
      const now = new Date().toISOString()
      event = { type: 'track', event: 'Order Placed', userId: 'u', timestamp: now, properties: task.order }
    }
    const before = process.cpuUsage()
    await send(event, task.events, task.together)
    const { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ value: (user + system) / task.events }))
  }
}
main()
