// Logs in with AWS's own SRP client. Standard input is {endpoint, pool, client, logins: [{user, key}]};
// each login becomes one line of JSON on standard output: its tokens, or the challenge or error that it ended in.
'use strict'

const { createPublicKey, verify } = require('node:crypto')
const { text } = require('node:stream/consumers')
const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = require('amazon-cognito-identity-js')

async function main() {
  const { endpoint, pool, client, logins } = JSON.parse(await text(process.stdin))
  const userPool = new CognitoUserPool({ UserPoolId: pool, ClientId: client, endpoint: endpoint + '/' })
  const keys = await (await fetch(`${endpoint}/${pool}/.well-known/jwks.json`)).json()
  for (const { user, key } of logins) {
    const outcome = await logIn(userPool, user, key)
    if (outcome.tokens) {
      outcome.signed = [outcome.tokens.id, outcome.tokens.access].every((token) => isSigned(token, keys))
      outcome.refreshed = await refresh(userPool, user, outcome.tokens.refresh)
    }
    console.log(JSON.stringify(outcome))
  }
}

function logIn(userPool, user, key) {
  const details = new AuthenticationDetails({ Username: user, Password: key })
  const account = new CognitoUser({ Username: user, Pool: userPool })
  return new Promise((resolve) => {
    account.authenticateUser(details, {
      onSuccess: (session) => resolve({ tokens: tokensOf(session) }),
      onFailure: (error) => resolve({ error: error.name, message: error.message }),
      newPasswordRequired: () => resolve({ challenge: 'NEW_PASSWORD_REQUIRED' }),
      mfaRequired: (challenge) => resolve({ challenge }),
    })
  })
}

function refresh(userPool, user, token) {
  const account = new CognitoUser({ Username: user, Pool: userPool })
  return new Promise((resolve, reject) => {
    account.refreshSession(new CognitoRefreshToken({ RefreshToken: token }), (error, session) =>
      error ? reject(error) : resolve(tokensOf(session)),
    )
  })
}

function tokensOf(session) {
  return {
    id: session.getIdToken().getJwtToken(),
    access: session.getAccessToken().getJwtToken(),
    refresh: session.getRefreshToken().getToken(),
  }
}

function isSigned(token, { keys }) {
  const [header, claims, signature] = token.split('.')
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'))
  const jwk = keys.find((key) => key.kid === kid && key.alg === alg)
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))
}

main()
