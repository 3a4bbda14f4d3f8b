// Segment's action `triggerCampaign`, driven by lines of JSON: subscription, mapping, validation and one request an event;
// and its mapping alone. Run in the folder that its packages are installed in: node action.js BRAZE_URL, the first line is
// {"do": "begin", "order": ORDER}.
const readline = require('readline')
const at = (name) => require(require.resolve(name, { paths: [process.cwd()] }))
const { Destination, transform } = at('@segment/actions-core')
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

let event

function begin({ order }) {
  const timestamp = new Date().toISOString()
  event = { type: 'track', event: 'Order Placed', userId: 'u', timestamp, properties: order }
}

async function send({ events, together }) {
  let left = events
  const one = async () => {
    while (left-- > 0) await destination.onEvent(event, settings)
  }
  await Promise.all(Array.from({ length: together }, one))
}

function map({ events }) {
  for (let left = events; left > 0; left--) transform(recipient, event)
}

const tasks = { begin, send, map }

// Each line is a task: {"do": NAME, ...}. Its result is the microseconds of CPU of an event.
async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line)
    const before = process.cpuUsage()
    await tasks[task.do](task)
    const { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ value: (user + system) / (task.events || 1) }))
  }
}
main()
