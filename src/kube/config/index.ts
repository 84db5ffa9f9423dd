export { accessOf, type Bearer, type ClusterAccess, type ExecPlugin, type Impersonation, type Pem } from './access.ts';
export { credentialsFor, type Credentials, type Identity, type TlsIdentity } from './credentials.ts';
export { parseKubeconfig, type Kubeconfig, type KubeconfigFile } from './kubeconfig.ts';
export { loadAccess, type AccessOptions } from './load.ts';
